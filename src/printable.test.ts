import { expect, it } from "vitest";
import { printable, printableLines } from "./printable.js";

it.each([
  ["an escape sequence", "a\u001b[2Jb.jpg", "a\ufffd[2Jb.jpg"],
  ["a right-to-left override", "a\u202egpj.exe", "a\ufffdgpj.exe"],
  ["a C1 control", "a\u009b31mb", "a\ufffd31mb"],
  ["carriage return and backspace", "a\r\bb", "a\ufffd\ufffdb"],
  ["a line feed in a name", "a\nb", "a\ufffdb"],
  ["letters of every script, left alone", "forêt 森林 лес.jpg", "forêt 森林 лес.jpg"],
])("makes a name safe to show: %s", (_what, name, shown) => {
  expect(printable(name)).toBe(shown);
});

it("keeps the lines of a message apart", () => {
  expect(printableLines("two\nlines\u001b")).toBe("two\nlines\ufffd");
});
