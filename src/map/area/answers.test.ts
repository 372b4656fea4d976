import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readAnswers } from "./answers.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-answers-"));
const file = join(folder, "sample.csv");
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const read = (text: string) => {
  writeFileSync(file, text);
  return readAnswers(file, { task: "multiclass", columns: ["label_2016", "label_2021"], classes: ["forest", "field"] });
};

describe("a table of answers", () => {
  it.each(["id", "stratum", "map", "label_2016", "Label_2021"])("with the column %s twice is refused", (name) => {
    const text = `id,stratum,map,label_2016,label_2021,${name}\n1,a,forest,forest,field,field\n`;
    expect(() => read(text)).toThrow(/the column "\w+" stands twice, as columns \d and 6/);
  });

  it("may have other columns twice, and other cases", () => {
    const { rows } = read("ID,Stratum,note,note,label_2016,label_2021\n1,a,,,forest,field\n");
    expect(rows[0]).toMatchObject({ id: "1", stratum: "a" });
  });

  it("with a row of fewer cells than columns is refused with its line; empty lines are none", () => {
    expect(read("id,stratum,label_2016,label_2021\n\n1,a,forest,\n\n,,,\n2,a,,\n\n").rows).toHaveLength(2);
    // As spreadsheets leave out what nobody filled in.
    expect(read("id,stratum,label_2016,label_2021\n1,a,forest,field\n2,a\n").rows[1].labels.map((labels) => [...labels])).toEqual(
      [
        [-1, -1],
        [-1, -1],
      ],
    );
    expect(() => read("id,stratum,label_2016,label_2021\n1,a,forest,field\n\n2,a,forest\n")).toThrow(
      "sample.csv line 4: 3 cells where the header has 4 columns",
    );
  });
});
