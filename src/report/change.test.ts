import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { changeFixture, changePictures, estimatesFixture } from "../../test/change-fixture.js";
import { HOSTILE_NAMES } from "../../test/report-fixture.js";
import { TASKS } from "../task.js";
import { readChangePictures } from "./change/pictures.js";
import { coordinates, hectares, partOf, signedHectares } from "./change/words.js";
import { type ChangeReport, renderChange } from "./change.js";
import { type ChangeReportData, readChangeData } from "./change-data.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-change-report-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function render(data: ChangeReportData, estimates?: ChangeReport["estimates"]): Promise<string> {
  return renderChange({ data, pictures: await changePictures(data), estimates, files: FILES }, { script: "void 0;" });
}
const FILES = ["change.html", "change.json", "change.tif", "loss.tif", "when.tif", "animated.png", "side-by-side.png"];
/** Whatever stands outside of `<style>` and `<script>`, which are ours. */
const bodyOf = (page: string) => page.replace(/<(style|script)[ >].*?<\/\1>/gs, "");
const textOf = (page: string) =>
  bodyOf(page)
    .replace(/href="data:[^"]*"/g, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");
const sectionOf = (page: string, id: string) => page.slice(page.indexOf(`<section id="${id}"`)).split("</section>")[0];

describe("change.html", () => {
  it.each(TASKS)("has every section, each in the contents, and no number that is none (%s)", async (task) => {
    const data = changeFixture({ task, dates: ["1985", "2000", "2010"] });
    const page = await render(data, estimatesFixture(data));
    const ids = [...page.matchAll(/<a href="#([^"]+)"/g)].map(([, id]) => id);
    expect(ids).toEqual(["summary", "map", "areas", "transitions", "method", "again"]);
    for (const id of ids) expect(page).toContain(`id="${id}"`);
    expect(textOf(page)).not.toMatch(/NaN|undefined|\[object|Infinity|null/);
  });

  it("holds each picture once, whatever shows it, and nothing from elsewhere", async () => {
    const page = await render(changeFixture({ dates: ["1985", "2000", "2010", "2020"] }));
    expect(page.match(/data:image\/png;base64,/g)).toHaveLength(5);
    for (const [, id] of page.matchAll(/<use href="#([^"]+)"/g)) expect(page).toContain(`<image id="${id}"`);
    expect(page).toMatch(/default-src 'none'; style-src 'sha256-[^;]*; script-src 'sha256-/);
    expect(bodyOf(page)).not.toMatch(/ style=| src=/);
    const outside = [...page.matchAll(/(?:href|src)="(https?:[^"]*)"([^>]*)/g)];
    expect(outside).toHaveLength(3);
    for (const [, address, rest] of outside) {
      expect(address).toMatch(/^https:\/\/www\.openstreetmap\.org\/\?mlat=-8\.\d{5}&amp;mlon=-74\.\d{5}#map/);
      expect(rest).toContain('rel="noreferrer"');
    }
  });

  it("lets the dates be chosen only where there are more than two", async () => {
    expect(await render(changeFixture())).not.toContain("<select");
    const page = await render(changeFixture({ dates: ["1985", "2000", "2010"] }));
    expect(page.match(/<select/g)).toHaveLength(2);
    expect(page).toContain(
      '<select data-choose="after"><option value="0">1985</option><option value="1">2000</option><option value="2" selected>2010</option>',
    );
  });

  it("sums the hectares of what changed, which are less than cells times their size where the edge cuts cells off", async () => {
    const data = changeFixture();
    const halved = data.transitions.map((one) => ({ ...one, hectares: one.hectares / 2 }));
    const text = textOf(await render({ ...data, transitions: halved }));
    // 304 cells of 2277 changed, of 4 ha where they are whole.
    expect(text).toMatch(/changed: 608\sha of 4.554\sha, as counted/);
  });

  it("names the files beside it, those that are there", async () => {
    const again = textOf(sectionOf(await render(changeFixture()), "again"));
    expect(again).toContain("change.tif (every transition), loss.tif , when.tif (by which date");
    for (const file of ["animated.png", "side-by-side.png", "change.json"]) expect(again).toContain(file);
    for (const file of ["alerts.tif", "labels.tif", "new-buildings.tif"]) expect(again).not.toContain(file);
  });

  it.each([
    ["multiclass", "becoming a given other class takes 57 times the evidence of staying"],
    ["multilabel", "gaining or losing a label takes 19 times the evidence of keeping it as it is"],
  ] as const)("says how much evidence a change takes, which is no share of the land (%s)", async (task, words) => {
    const text = textOf(await render(changeFixture({ task })));
    expect(text).toContain(words);
    expect(text).not.toContain("with probability 0.95");
  });

  it("says the same of several dates together, however many", async () => {
    // Ten to one over two steps between four classes.
    const stay = (1 + 3 * Math.sqrt((4 * (10 / 13) - 1) / 3)) / 4;
    const data = changeFixture({ dates: ["1985", "2000", "2010"] });
    const text = textOf(await render({ ...data, settings: { ...data.settings, stay } }));
    expect(text).toContain(
      "from the first date to the last, becoming a given other class takes 10 times the evidence of staying",
    );
  });

  it("says that counts are no estimates, and how to get them", async () => {
    const page = await render(changeFixture());
    const text = textOf(page);
    expect(text).toContain("no estimate of the area");
    expect(text).toContain("counted, not an estimate");
    expect(page).toContain("sigmax area design &lt;this folder&gt;");
    expect(page).toContain("sigmax area estimate ");
    expect(text).not.toContain("estimated ha");
  });

  it("shows estimates with their intervals and accuracies beside the counts", async () => {
    const data = changeFixture();
    const page = await render(data, estimatesFixture(data));
    const [row] = sectionOf(page, "areas").match(/<tr><th scope="row">.*?<\/tr>/s)!;
    expect(row).toContain("loss of forest");
    const cells = [...row.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell]) => cell.replace(/<[^>]*>/g, ""));
    const interval = "1\u202f218\u00a0to\u00a01\u202f682";
    expect(cells.slice(1)).toEqual(["1\u202f160", "1\u202f450", interval, "87.6\u202f%\u00a0±\u00a04.1", "76.5\u202f%", "55"]);
    expect(sectionOf(page, "summary")).toContain(`95 %: ${interval}; counted 1\u202f160`);
    // The interval of the count.
    expect(sectionOf(page, "areas")).toContain("1\u202f153\u00a0to\u00a01\u202f167");
    expect(textOf(page)).toContain("few samples of urban");
    expect(textOf(page)).not.toContain("no estimate of the area");
  });

  it("shows the estimates of the first and the last date of several below their own counts", async () => {
    const data = changeFixture({ dates: ["1985", "2000", "2010"] });
    const page = await render(data, estimatesFixture(data));
    const rows = [...sectionOf(page, "areas").matchAll(/<tr><th scope="row">.*?<\/tr>/gs)].map(([row]) => row);
    const row = rows.find((one) => /<th scope="row">(<svg.*?<\/svg>|<span[^>]*><\/span>)?(<bdi>)?forest</.test(one)) ?? "";
    const cells = [...row.matchAll(/<td>(.*?)<\/td>/g)].map(([, cell]) => cell.includes("<b>"));
    expect(cells).toEqual([true, false, true, false]);
    const [first, , last] = [0, 1, 2].map(
      (date) => data.areas.find((area) => area.name === "forest" && area.date === date)!.hectares,
    );
    for (const counted of [first, last]) expect(textOf(row).replace(/\s/g, "")).toContain(String(Math.round(1.25 * counted)));
  });

  it("escapes hostile names wherever they stand", async () => {
    const base = changeFixture({ classes: HOSTILE_NAMES.slice(0, 4), dates: HOSTILE_NAMES.slice(0, 3) });
    const evil = HOSTILE_NAMES[0];
    const data: ChangeReportData = {
      ...base,
      title: evil,
      classifier: { file: evil, sha256: evil, agreementWith: HOSTILE_NAMES[1] },
      rules: HOSTILE_NAMES.map((name) => ({ ...base.rules[0], name, rule: name, file: name })),
      places: base.places.map((place) => ({ ...place, rules: HOSTILE_NAMES, when: HOSTILE_NAMES[3] })),
      command: HOSTILE_NAMES[1],
    };
    const page = await render(data, estimatesFixture(data));
    const body = bodyOf(page);
    expect(body).not.toMatch(/<(script|iframe|object|img|b>bold)/i);
    expect(body.replace(/"[^"]*"/g, '""')).not.toMatch(/<[a-z][^>]* on\w+=/i);
    for (const text of ["__proto__", "&lt;img src=x onerror=alert(1)&gt;", "&lt;/script&gt;"]) expect(body).toContain(text);
  });

  it("says where labels come from a rule, and where a scene was generated", async () => {
    const data = changeFixture();
    const plain = textOf(await render(data));
    expect(plain).not.toContain("agreement with");
    expect(plain).not.toContain("Generated data");
    const told = textOf(
      await render({ ...data, generated: true, classifier: { ...data.classifier, agreementWith: "the rule" } }),
    );
    expect(told).toContain("agreement with the rule");
    expect(told).toContain("Generated data.");
  });

  it("counts what has no answer, what is undecided and what is too small", async () => {
    const method = textOf(sectionOf(await render(changeFixture()), "method"));
    for (const text of [
      "123 cells of 2 400 (5.1 %) were not seen on the first or the last date",
      "45 cells looked different",
      "67 cells in smaller regions",
      "a connected region of 2 cells, 8.00 ha",
      "--stay 0.95",
      "at least 0.90",
    ])
      expect(method).toContain(text);
  });

  it("folds rows beyond a hundred, and places beyond twenty", async () => {
    const data = changeFixture({ places: 100 });
    const transitions = Array.from({ length: 130 }, (_, i) => ({
      before: "a",
      after: `b${i}`,
      cells: 130 - i,
      hectares: 130 - i,
    }));
    const page = await render({ ...data, transitions });
    expect(sectionOf(page, "transitions")).toContain("<summary>30 more rows</summary>");
    expect(
      sectionOf(page, "transitions")
        .split("<details>")[0]
        .match(/<tr class/g),
    ).toHaveLength(100);
    expect(page.match(/data-place="/g)).toHaveLength(100);
    expect(page).toContain("<summary>80 smaller places</summary>");
  });

  it("stands without rules, places, transitions, answers and coordinates", async () => {
    const data = changeFixture();
    const page = await render({
      ...data,
      rules: [],
      transitions: [],
      areas: [],
      places: [],
      counts: { cells: 10, noAnswer: 10, changed: 0, undecided: 0, belowUnit: 0 },
    });
    expect(textOf(page)).not.toMatch(/NaN|Infinity|undefined/);
    expect(textOf(page)).toContain("No cell has an answer");
    const nowhere = await render({
      ...data,
      places: data.places.map((place) => ({ ...place, longitude: null, latitude: null })),
    });
    expect(nowhere).not.toContain("https://www.openstreetmap.org");
  });

  it("refuses a picture that is missing or none", async () => {
    const data = changeFixture();
    const pictures = new Map(await changePictures(data));
    expect(() => renderChange({ data, pictures: new Map(), files: [] }, { script: "" })).toThrow("date-0.png is missing");
    pictures.set("change.png", Buffer.from("<svg onload=alert(1)>"));
    expect(() => renderChange({ data, pictures, files: FILES }, { script: "" })).toThrow("neither a PNG nor a JPEG");
  });
});

describe("change.json", () => {
  const path = join(folder, "change.json");

  it("is read again as it was written, with its pictures", async () => {
    const data = changeFixture({ dates: ["1985", "2000", "2010"] });
    const pictures = await changePictures(data);
    writeFileSync(path, JSON.stringify(data));
    mkdirSync(join(folder, "pictures"));
    for (const [name, bytes] of pictures) writeFileSync(join(folder, "pictures", name), bytes);
    const read = readChangeData(path);
    expect(read).toEqual(data);
    const again = readChangePictures(folder, read);
    expect([...again.keys()]).toEqual([...pictures.keys()]);
    expect(renderChange({ data: read, pictures: again, files: FILES }, { script: "" })).toBe(
      renderChange({ data, pictures, files: FILES }, { script: "" }),
    );
  });

  it.each([
    ["a picture outside of its folder", { changePicture: "../../secret.png" }, "changePicture"],
    ["a colour that is none", { classes: [{ name: "a", colour: "red;}" }] }, "#rrggbb"],
    ["another version", { version: 2 }, "version"],
    ["one date", { dates: [] }, "dates"],
  ])("is refused with %s", (_, wrong, part) => {
    writeFileSync(path, JSON.stringify({ ...changeFixture(), ...wrong }));
    expect(() => readChangeData(path)).toThrow(part);
  });

  it("is refused where it is no JSON", () => {
    writeFileSync(path, "{");
    expect(() => readChangeData(path)).toThrow("is no JSON");
  });
});

describe("words", () => {
  it("have as many digits as the eye can use", () => {
    expect([0, 0.001, 0.25, 9.949, 9.96, 99.4, 99.6, 123_456.7, -1234.5].map(hectares)).toEqual([
      "0",
      "< 0.01",
      "0.25",
      "9.95",
      "10.0",
      "99.4",
      "100",
      "123\u202f457",
      "−1\u202f235",
    ]);
    expect([1, 50, 0].map((part) => partOf(part, 10_000))).toEqual(["< 0.1\u202f%", "0.5\u202f%", "0.0\u202f%"]);
    expect(partOf(1, 0)).toBe("–");
    expect([2, -2, 0].map(signedHectares)).toEqual(["+2.00", "−2.00", "0"]);
    // Sums of hectares in another order, and losses that are tiny.
    expect([0.1 + 0.2 - 0.3, 0.3 - (0.1 + 0.2), 0.004, -0.004].map(signedHectares)).toEqual(["0", "0", "+< 0.01", "−< 0.01"]);
    expect(coordinates({ longitude: -74.5, latitude: 8.123456 })).toBe("8.12346, -74.50000");
  });
});
