import { describe, expect, it } from "vitest";
import { isAddress, parseAddress, redirected } from "./address.js";

describe("an address", () => {
  it.each([
    ["https://host/a.tif", true],
    ["HTTP://host/a.tif", true],
    ["s3://bucket/a.tif", true],
    ["C:/scenes/a.tif", false],
    ["c://scenes/a.tif", false],
    ["./https:/a.tif", false],
    ["scenes/a.tif", false],
  ])("is told from a path: %s", (text, is) => {
    expect(isAddress(text)).toBe(is);
  });

  it("is shown without user, password, query and fragment", () => {
    const { url, name, authorization } = parseAddress("https://me:p%40ss@host:8443/a%20b.tif?sig=secret#x");
    expect(name).toBe("https://host:8443/a%20b.tif");
    expect(url.href).toBe("https://host:8443/a%20b.tif?sig=secret");
    expect(authorization).toBe(`Basic ${Buffer.from("me:p@ss").toString("base64")}`);
    expect(parseAddress("https://host/a.tif").authorization).toBeUndefined();
    expect(parseAddress("https://100%25:100%@host/a.tif").authorization).toBe(
      `Basic ${Buffer.from("100%:100%").toString("base64")}`,
    );
  });

  it.each(["ftp://me:secret@host/a.tif", "s3://me:secret@bucket/a.tif", "file:///etc/secret", "https://me:secret@", "://secret"])(
    "of another kind is refused, and nothing secret repeated: %s",
    (text) => {
      const parse = () => parseAddress(text);
      expect(parse).toThrow(expect.objectContaining({ code: "usage" }));
      if (!text.startsWith("file:")) expect(parse).not.toThrow(/secret/);
    },
  );

  it("leads on to addresses of http and https alone", () => {
    const from = new URL("http://host/a/b.tif");
    expect(redirected("../c.tif?x=1", from)?.href).toBe("http://host/c.tif?x=1");
    expect(redirected("https://me:secret@other/c.tif", from)?.href).toBe("https://other/c.tif");
    for (const location of ["file:///etc/passwd", "ftp://host/c.tif", "data:image/tiff,II", "http://"]) {
      expect(redirected(location, from), location).toBeUndefined();
    }
  });
});
