import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { docFigures, NO_LABEL, TWO_LABELS } from "../report/doc-figures.js";
import { fixed } from "../report/format.js";
import { HEADS } from "../task.js";
import { evaluateHeads } from "./playground-heads.js";

const text = readFileSync("docs/softmax-or-sigmoid.md", "utf8");
const evaluate = (logits: readonly number[], truth: readonly boolean[]) =>
  evaluateHeads({ classes: ["forest", "river", "field", "road"], logits, truth, temperature: 1 });
const TWO = evaluate(TWO_LABELS, [true, true, false, false]);
const NONE = evaluate(NO_LABEL, [false, false, false, false]);
const numbers = (values: readonly number[]) => values.map((value) => fixed(value));

describe("docs/softmax-or-sigmoid.md", () => {
  it.each(HEADS)("has the right probabilities in its tables: %s", (head) => {
    for (const { probabilities, sum } of [TWO[head], NONE[head]]) {
      expect(text).toContain(`| ${head} | ${numbers([...probabilities, sum]).join(" | ")} |`);
    }
  });

  it("has the right losses and gradients", () => {
    expect(text).toContain(
      `The loss is then ${fixed(TWO.softmax.loss)}, and it can never fall below log 2 = ${fixed(Math.log(2))}`,
    );
    expect(text).toContain(`gradient is ${numbers(TWO.softmax.gradient!).join(", ")}:`);
    expect(text).toContain(
      `Its loss here is ${fixed(TWO.sigmoid.loss)} and its gradient ${numbers(TWO.sigmoid.gradient!).join(", ")}:`,
    );
    expect(text).toContain(`(loss ${fixed(NONE.sigmoid.loss)}:`);
  });

  it("has the right numbers for ties", () => {
    const both = evaluate([3, 3, -3, -3], [true, true, false, false]);
    const neither = evaluate([-2, -2, -5, -5], [false, false, false, false]);
    expect(text).toContain(`${fixed(both.softmax.probabilities[0])} against ${fixed(neither.softmax.probabilities[0])}.`);
    expect(text).toContain(`${fixed(both.sigmoid.probabilities[0])} twice, or ${fixed(neither.sigmoid.probabilities[0])} twice`);
  });

  it("shows every generated figure, and no other from that folder", () => {
    const shown = [...text.matchAll(/\(figures\/([\w-]+\.svg)\)/g)].map(([, file]) => file);
    expect(shown.sort()).toEqual(
      docFigures()
        .map(([file]) => file)
        .sort(),
    );
  });
});
