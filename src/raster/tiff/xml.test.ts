import { describe, expect, it } from "vitest";
import { unescapeXml, xmlElements } from "./xml.js";

const textsOf = (xml: string) => Array.from(xmlElements(xml), ({ name, text }) => `${name}=${text}`);

describe("XML", () => {
  it("gives each element where it ends, with what it stands in, its attributes and its own text", () => {
    const [b, c, a] = [...xmlElements(`<?xml version="1.0"?><a x="1"><b y = 'p>"q' z="&lt;"/>one<c>two</c> three</a>`)];
    expect([b.name, c.name, a.name]).toEqual(["b", "c", "a"]);
    expect(Object.fromEntries(b.attributes)).toEqual({ y: 'p>"q', z: "<" });
    expect(c.parent).toBe(a);
    expect(a).toMatchObject({ parent: undefined, text: "one three" });
    expect(a.attributes.get("x")).toBe("1");
  });

  it("has characters by name and number, and stretches that are taken as they are", () => {
    expect(textsOf("<a>&lt;&#233;&#xe9;&#x1F30D; &amp;lt;<![CDATA[ <b>&amp;]]> &e;</a>")).toEqual(["a=<éé🌍 &lt; <b>&amp; &e;"]);
    expect(unescapeXml("&#0;&#xD800;&#x110000;&#12345678;&;")).toBe("\ufffd\ufffd\ufffd&#12345678;&;");
  });

  it("has comments and declarations that say nothing", () => {
    expect(textsOf('<!DOCTYPE a [<!ENTITY e "x"><!ENTITY f SYSTEM "f">]><a><!-- <b> --><?c <d> ?>&e;</a>')).toEqual(["a=&e;"]);
  });

  it.each(["<a>", "<a", '<a b="', "<a></b>", "</a>", "<a><![CDATA[x", "<!-- x", `${"<a>".repeat(65)}${"</a>".repeat(65)}`])(
    "is refused: %s",
    (xml) => {
      expect(() => [...xmlElements(xml)]).toThrow(SyntaxError);
    },
  );

  const mega = (part: string) => part.repeat(Math.ceil(4e6 / part.length));
  it.each([
    ["letters for attributes", `<r>${mega(`<a ${"b".repeat(4000)}/>`)}</r>`],
    ["spaces in attributes", `<r>${mega(`<a b${" ".repeat(4000)}/>`)}</r>`],
    ["quotes in tags", `<r>${mega(`<a ${"b=' ".repeat(1000)}/>`)}</r>`],
    ["one long tag", `<a ${mega("b ")}/>`],
    ["tags that do not end", mega("<a ")],
    ["ampersands", `<r>${mega("&#1")}</r>`],
    ["attributes without an end", mega('<a b="c ')],
    ["empty elements", `<r>${mega("<a/>")}</r>`],
  ])("takes time that grows with the text alone: %s", (_, xml) => {
    const start = performance.now();
    try {
      for (const _element of xmlElements(xml));
    } catch (error) {
      expect(error).toBeInstanceOf(SyntaxError);
    }
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});
