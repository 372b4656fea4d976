import { describe, expect, it } from "vitest";
import { encodeDirectories, type Tag, textTag } from "./directory.js";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

describe("directories", () => {
  const tags: readonly Tag[] = [
    { id: 258, type: "short", values: [8, 8, 8] },
    { id: 256, type: "long", values: [5] },
    { id: 273, type: "offset", values: [2 ** 31] },
  ];

  it("stand behind the header with their tags in order, values that do not fit behind them", () => {
    expect(hex(encodeDirectories([tags], { big: false }))).toBe(
      [
        "49492a0008000000",
        "0300",
        "000104000100000005000000",
        "020103000300000038000000",
        "110104000100000000000080",
        "00000000",
        "000000000000", // aligned
        "080008000800",
        "0000",
      ].join(""),
    );
  });

  it("have offsets past 4 GiB in a BigTIFF", () => {
    const far: Tag = { id: 324, type: "offset", values: [2 ** 40 + 1] };
    expect(hex(encodeDirectories([[far]], { big: true }))).toBe(
      [
        "49492b0008000000",
        "1000000000000000",
        "0100000000000000",
        "44011000",
        "0100000000000000",
        "0100000000010000",
        "0000000000000000",
      ]
        .join("")
        .padEnd(112, "0"),
    );
  });

  it("are as long for any values", () => {
    const head = (values: readonly number[]) => encodeDirectories([[{ id: 324, type: "offset", values }], tags], { big: false });
    expect(head([0, 0, 0])).toHaveLength(head([1, 2, 2 ** 32 - 1]).length);
  });

  it("hold texts in UTF-8 with a zero behind", () => {
    expect(Array.from(textTag(270, "é").values)).toEqual([0xc3, 0xa9, 0]);
  });
});
