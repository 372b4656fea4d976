import { fillRectangle, type Paint } from "./drawing.js";
import type { Raster } from "./raster.js";

/** Letters of our own, so that pictures need no fonts and are the same bytes everywhere: from space to ~ in their order, then a box. */
const SHEET = `
..... ..#.. .#.#. .#.#. ..#.. ##..# .##.. ..#.. ...#. .#... ..... ..... ..... ..... ..... .....
..... ..#.. .#.#. .#.#. .#### ##..# #..#. ..#.. ..#.. ..#.. ..#.. ..#.. ..... ..... ..... ....#
..... ..#.. ..... ##### #.#.. ...#. #.#.. ..... .#... ...#. #.#.# ..#.. ..... ..... ..... ...#.
..... ..#.. ..... .#.#. .###. ..#.. .#... ..... .#... ...#. .###. ##### ..... .###. ..... ..#..
..... ..#.. ..... ##### ..#.# .#... #.#.# ..... .#... ...#. #.#.# ..#.. ..##. ..... ..... .#...
..... ..... ..... .#.#. ####. #..## #..#. ..... ..#.. ..#.. ..#.. ..#.. ...#. ..... ..##. #....
..... ..#.. ..... .#.#. ..#.. #..## .##.# ..... ...#. .#... ..... ..... ..#.. ..... ..##. .....

.###. ..#.. .###. .###. ...#. ##### ..##. ##### .###. .###. ..... ..... ....# ..... #.... .###.
#...# .##.. #...# #...# ..##. #.... .#... ....# #...# #...# ..##. ..##. ...#. ..... .#... #...#
#..## ..#.. ....# ....# .#.#. ####. #.... ...#. #...# #...# ..##. ..##. ..#.. ##### ..#.. ....#
#.#.# ..#.. ..##. ..##. #..#. ....# ####. ...#. .###. .#### ..... ..... .#... ..... ...#. ...#.
##..# ..#.. .#... ....# ##### ....# #...# ..#.. #...# ....# ..##. ..##. ..#.. ##### ..#.. ..#..
#...# ..#.. #.... #...# ...#. #...# #...# ..#.. #...# ...#. ..##. ...#. ...#. ..... .#... .....
.###. .###. ##### .###. ...#. .###. .###. ..#.. .###. .##.. ..... ..#.. ....# ..... #.... ..#..

.###. ..#.. ####. .###. ####. ##### ##### .###. #...# .###. ..### #...# #.... #...# #...# .###.
#...# .#.#. #...# #...# #...# #.... #.... #...# #...# ..#.. ...#. #..#. #.... ##.## ##..# #...#
#.### #...# #...# #.... #...# #.... #.... #.... #...# ..#.. ...#. #.#.. #.... #.#.# ##..# #...#
#.#.# #...# ####. #.... #...# ####. ####. #.### ##### ..#.. ...#. ##... #.... #.#.# #.#.# #...#
#.### ##### #...# #.... #...# #.... #.... #...# #...# ..#.. ...#. #.#.. #.... #...# #..## #...#
#.... #...# #...# #...# #...# #.... #.... #...# #...# ..#.. #..#. #..#. #.... #...# #..## #...#
.#### #...# ####. .###. ####. ##### #.... .#### #...# .###. .##.. #...# ##### #...# #...# .###.

####. .###. ####. .#### ##### #...# #...# #...# #...# #...# ##### .###. ..... .###. ..#.. .....
#...# #...# #...# #.... ..#.. #...# #...# #...# #...# #...# ....# .#... #.... ...#. .#.#. .....
#...# #...# #...# #.... ..#.. #...# #...# #...# .#.#. .#.#. ...#. .#... .#... ...#. #...# .....
####. #...# ####. .###. ..#.. #...# #...# #.#.# ..#.. ..#.. ..#.. .#... ..#.. ...#. ..... .....
#.... #.#.# #.#.. ....# ..#.. #...# .#.#. #.#.# .#.#. ..#.. .#... .#... ...#. ...#. ..... .....
#.... #..#. #..#. ....# ..#.. #...# .#.#. ##.## #...# ..#.. #.... .#... ....# ...#. ..... .....
#.... .##.# #...# ####. ..#.. .###. ..#.. #...# #...# ..#.. ##### .###. ..... .###. ..... #####

.#... ..... #.... ..... ....# ..... ..##. .#### #.... ..#.. ...#. #.... .##.. ..... ..... .....
..#.. ..... #.... ..... ....# ..... .#..# #...# #.... ..... ..... #.... ..#.. ..... ..... .....
..... .###. ####. .###. .#### .###. .#... #...# #.##. .##.. ..##. #..#. ..#.. ##.#. #.##. .###.
..... ....# #...# #.... #...# #...# ###.. #...# ##..# ..#.. ...#. #.#.. ..#.. #.#.# ##..# #...#
..... .#### #...# #.... #...# ##### .#... .#### #...# ..#.. ...#. ##... ..#.. #.#.# #...# #...#
..... #...# #...# #...# #...# #.... .#... ....# #...# ..#.. #..#. #.#.. ..#.. #.#.# #...# #...#
..... .#### ####. .###. .#### .###. .#... .###. #...# .###. .##.. #..#. .###. #.#.# #...# .###.

####. .#### ..... ..... .#... ..... ..... ..... ..... #...# ..... ...#. ..#.. .#... ..... #####
#...# #...# ..... ..... .#... ..... ..... ..... ..... #...# ..... ..#.. ..#.. ..#.. ..... #...#
#...# #...# #.##. .#### ###.. #...# #...# #...# #...# #...# ##### ..#.. ..#.. ..#.. .#... #...#
#...# #...# ##..# #.... .#... #...# #...# #...# .#.#. #...# ...#. .#... ..#.. ...#. #.#.# #...#
####. .#### #.... .###. .#... #...# #...# #.#.# ..#.. .#### ..#.. ..#.. ..#.. ..#.. ...#. #...#
#.... ....# #.... ....# .#..# #..## .#.#. #.#.# .#.#. ....# .#... ..#.. ..#.. ..#.. ..... #...#
#.... ....# #.... ####. ..##. .##.# ..#.. .#.#. #...# .###. ##### ...#. ..#.. .#... ..... #####
`;
const WIDTH = 5;
const HEIGHT = 7;
/** Letters that hang below the line, and by how much. */
const HANGING = "gpqy";
const HANG = 2;
/** From one letter to the next. */
const ADVANCE = WIDTH + 1;
const FIRST = 0x20;
const BOX = 0x7f;

/** What Unicode does not take apart into a letter and its accent. */
const ALIKE: Readonly<Record<string, string>> = {
  ø: "o",
  Ø: "O",
  ł: "l",
  Ł: "L",
  đ: "d",
  Đ: "D",
  ı: "i",
  ß: "ss",
  æ: "ae",
  Æ: "AE",
  œ: "oe",
  Œ: "OE",
  "×": "x",
  "–": "-",
  "—": "-",
  "’": "'",
  "…": "...",
  "\u00a0": " ",
  "\u202f": " ",
};

const ELLIPSIS = "...";

/** By letter, each pixel of it from the upper left corner on as [column, row]. */
const GLYPHS: readonly (readonly (readonly [column: number, row: number])[])[] = SHEET.trim()
  .split("\n\n")
  .flatMap((line) => {
    const rows = line.split("\n").map((row) => row.split(" "));
    return rows[0].map((_, letter) =>
      rows.flatMap((row, y) => [...row[letter]].flatMap((dot, x) => (dot === "#" ? [[x, y] as const] : []))),
    );
  });

/** Where text stands and how: `x` and `y` of its upper left corner, `scale` pixels for each of a letter's 5 × 7. */
export interface TextPlace {
  readonly x: number;
  readonly y: number;
  readonly scale?: number;
  readonly colour: Paint;
}

/** Width of a line of text in pixels, without the space after its last letter. */
export function textWidth(text: string, scale = 1): number {
  return Math.max(0, scale * (ADVANCE * letters(text).length - 1));
}

/** Height of a line of text in pixels, from the top of a capital to the line; g, p, q and y hang below it by 2 · scale. */
export function textHeight(scale = 1): number {
  return scale * HEIGHT;
}

/** Draws a line of text into an 8-bit colour raster; what leaves the raster is cut off. Unknown letters are boxes. */
export function drawText(raster: Raster, text: string, { x, y, scale = 1, colour }: TextPlace): void {
  letters(text).forEach((letter, i) => {
    const hang = HANGING.includes(String.fromCharCode(letter)) ? HANG : 0;
    for (const [column, row] of GLYPHS[letter - FIRST]) {
      const [leftPx, topPx] = [x + scale * (ADVANCE * i + column), y + scale * (hang + row)];
      const place = { leftPx, topPx, widthPx: scale, heightPx: scale };
      fillRectangle(raster, place, colour);
    }
  });
}

/** The text, or as much of it as is no wider than `widthPx`, and "...". */
export function shortenText(text: string, widthPx: number, scale = 1): string {
  if (textWidth(text, scale) <= widthPx) return text;
  const kept = Array.from(text.normalize("NFC"));
  while (kept.length > 0 && textWidth(kept.join("") + ELLIPSIS, scale) > widthPx) kept.pop();
  return kept.join("").trimEnd() + ELLIPSIS;
}

/** Codes of the letters that are drawn: accents are left out, what there is no letter for is a box. */
function letters(text: string): readonly number[] {
  const plain = text.normalize("NFD").replaceAll(/\p{M}/gu, "");
  return Array.from(plain, (one) => ALIKE[one] ?? one).flatMap((part) =>
    Array.from(part, (one) => {
      const code = one.codePointAt(0) ?? BOX;
      return code >= FIRST && code < BOX ? code : BOX;
    }),
  );
}
