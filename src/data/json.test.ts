import { describe, expect, it } from "vitest";
import { isObject, type Json, parseJson } from "./json.js";

/** The parsed value as JSON.parse would give it, for keys without tricks. */
function plain(json: Json): unknown {
  if (isObject(json)) return Object.fromEntries(Array.from(json.entries, ([key, value]) => [key, plain(value)]));
  return Array.isArray(json) ? json.map((item: Json) => plain(item)) : json;
}

describe("parseJson", () => {
  it.each([
    '{"a":[1,-2.5e3,true,false,null,"x\\u00e9\\n\\"",{}],"b":{"c":[]}}',
    " [ ] ",
    '"lone"',
    "-0.0",
    '[[],[[ ]],{"":""}]',
    '"\\ud83d\\ude00"',
  ])("agrees with JSON.parse on %s", (text) => expect(plain(parseJson(text, "x.json"))).toEqual(JSON.parse(text)));

  it.each([
    "[1,]",
    "{,}",
    "[01]",
    "[1.]",
    "[.5]",
    "[+1]",
    "[NaN]",
    "{a:1}",
    "['a']",
    '["\t"]',
    '["\\x"]',
    "[1] 2",
    "nulll",
    "[1 2]",
    '{"a" 1}',
    "/**/1",
  ])("refuses %s, as JSON.parse does", (text) => {
    expect(() => JSON.parse(text)).toThrow();
    expect(() => parseJson(text, "x.json")).toThrow(/^x\.json line 1, column \d+: /);
  });

  it("refuses keys that stand twice, naming both lines", () => {
    expect(() => parseJson('{\n"a": 1,\r\n\r\n"a": 2}', "x.json")).toThrow(
      'x.json line 4, column 1: the key "a" stands twice, first on line 2',
    );
  });

  it("keeps __proto__ as a key and the order of all keys", () => {
    const json = parseJson('{"b": 1,\n"__proto__": {"polluted": 1},\n"1": 2}', "x.json");
    expect(isObject(json) && [...json.entries.keys()]).toEqual(["b", "__proto__", "1"]);
    expect(isObject(json) && json.lines.get("1")).toBe(3);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it("is linear in the number of keys", () => {
    const text = JSON.stringify(Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`file${i}.jpg`, ["a"]])), null, 1);
    const start = process.cpuUsage();
    const json = parseJson(text, "x.json");
    expect(isObject(json) && json.lines.get("file99999.jpg")).toBe(99_999 * 3 + 2);
    expect(process.cpuUsage(start).user / 1000).toBeLessThan(3000);
  });
});
