import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Html, html, type Interpolated, name } from "./html.js";
import { page } from "./page.js";

describe("html", () => {
  it("escapes text and attribute values", () => {
    const hostile = `<b a="1" b='2'>&`;
    expect(html`<p title="${hostile}">${hostile}</p>`.markup).toBe(
      '<p title="&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;">&lt;b a=&quot;1&quot; b=&#39;2&#39;&gt;&amp;</p>',
    );
  });

  it("keeps markup as it is, in lists too, and leaves nothing for undefined and false", () => {
    expect(html`<ul>${["<a>", html`<li>${0}</li>`, [html`<li></li>`]]}${undefined}${false}</ul>`.markup).toBe(
      "<ul>&lt;a&gt;<li>0</li><li></li></ul>",
    );
  });

  it("does not take parsed JSON for markup", () => {
    // as: what a damaged report file could hold
    const forged = JSON.parse('{"markup": "<script>alert(1)</script>"}') as Interpolated;
    expect(() => html`${forged}`).toThrow(TypeError);
  });

  it("isolates names", () => {
    expect(name("\u202E<i>").markup).toBe("<bdi>\u202E&lt;i&gt;</bdi>");
  });
});

describe("page", () => {
  const options = { title: "a </title><script>", body: new Html("<p>hello</p>") };

  it("allows exactly its own styles and scripts by their hash", () => {
    const script = "console.log('one');\r\nconsole.log('two');";
    const text = page({ ...options, scripts: [script] });
    const served = /<script>(.*?)<\/script>/s.exec(text)![1];
    expect(served).not.toContain("\r");
    expect(text).toContain(`script-src 'sha256-${createHash("sha256").update(served).digest("base64")}'`);
    expect(text).toContain("default-src 'none'");
  });

  it("allows no script where there is none", () => {
    expect(page(options)).toContain("script-src 'none'");
  });

  it("escapes its title", () => {
    expect(page(options)).toContain("<title>a &lt;/title&gt;&lt;script&gt;</title>");
  });

  it.each(["'</script>'", "'<!-- <script>'"])("refuses the script %s, which would end early", (script) => {
    expect(() => page({ ...options, scripts: [script] })).toThrow(RangeError);
  });
});
