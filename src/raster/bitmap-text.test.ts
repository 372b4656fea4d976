import { describe, expect, it } from "vitest";
import { RGB } from "./bands.js";
import { drawText, shortenText, textHeight, textWidth } from "./bitmap-text.js";
import type { Raster } from "./raster.js";

/** Text as rows of "#" and ".". */
function drawn(text: string, { scale = 1, x = 0, y = 0, widthPx = textWidth(text, scale), heightPx = textHeight(scale) } = {}) {
  const raster: Raster = { bands: RGB, widthPx, heightPx, dtype: "uint8", data: new Uint8Array(3 * widthPx * heightPx) };
  drawText(raster, text, { x, y, scale, colour: [1, 2, 3] });
  const rows = Array.from({ length: heightPx }, (_, row) =>
    Array.from(raster.data.subarray(row * widthPx, (row + 1) * widthPx), (value) => (value === 1 ? "#" : ".")).join(""),
  );
  return { rows, data: raster.data };
}

describe("text of pixels", () => {
  it("draws letters, digits and signs", () => {
    expect(drawn("Ag7%", { heightPx: 9 }).rows).toEqual([
      "..#.........#####.##..#",
      ".#.#............#.##..#",
      "#...#..####....#.....#.",
      "#...#.#...#....#....#..",
      "#####.#...#...#....#...",
      "#...#.#...#...#...#..##",
      "#...#..####...#...#..##",
      "..........#............",
      ".......###.............",
    ]);
  });

  it("has a letter for all of ASCII, no two alike and none empty but the space", () => {
    const all = Array.from({ length: 0x7f - 0x20 }, (_, i) =>
      drawn(String.fromCharCode(0x20 + i), { heightPx: 9 }).rows.join("\n"),
    );
    expect(new Set(all).size).toBe(all.length);
    expect(all.filter((letter) => !letter.includes("#"))).toHaveLength(1);
    expect(all).not.toContain(drawn("木", { heightPx: 9 }).rows.join("\n"));
  });

  it("draws letters with accents as those without, and unknown ones as a box", () => {
    expect(drawn("Água é ñ ü ç").rows).toEqual(drawn("Agua e n u c").rows);
    expect(drawn("e\u0301ß…").rows).toEqual(drawn("ess...").rows);
    expect(drawn("木\u{1f332}\n").rows).toEqual(drawn("木木木").rows);
    expect(drawn("木").rows).toEqual(["#####", "#...#", "#...#", "#...#", "#...#", "#...#", "#####"]);
  });

  it("is as wide as it says, at any scale", () => {
    expect([textWidth(""), textWidth("a"), textWidth("ab"), textWidth("ab", 3), textWidth("ß")]).toEqual([0, 5, 11, 33, 11]);
    const once = drawn("Wm").rows;
    const twice = drawn("Wm", { scale: 2 }).rows;
    expect(twice.filter((_, row) => row % 2 === 0).map((row) => row.replaceAll(/(.)\1/g, "$1"))).toEqual(once);
    expect(twice.filter((_, row) => row % 2 === 1)).toEqual(twice.filter((_, row) => row % 2 === 0));
  });

  it("paints in its colour and is cut off at the edges", () => {
    expect([...drawn("L", { widthPx: 1, heightPx: 1 }).data]).toEqual([1, 2, 3]);
    expect(drawn("LL", { x: -3, y: 5, widthPx: 5, heightPx: 7 }).rows.slice(4)).toEqual([".....", "...#.", "...#."]);
    expect(drawn("LL", { x: -9, y: -6, widthPx: 5, heightPx: 7 }).rows).toEqual(["##...", ...new Array(6).fill(".....")]);
  });

  it("is shortened where it does not fit", () => {
    expect(shortenText("forest", textWidth("forest"))).toBe("forest");
    expect(shortenText("forest", textWidth("forest") - 1)).toBe("fo...");
    expect(shortenText("old growth forest", textWidth("old gro", 2), 2)).toBe("old...");
    expect(shortenText("forest", 3)).toBe("...");
  });
});
