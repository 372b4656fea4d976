import { describe, expect, it } from "vitest";
import { mergeSmallFlows, type SankeyOptions, sankey } from "./sankey.js";

const flow = (before: string, after: string, value: number) => ({ before, after, value });
const draw = (flows: readonly ReturnType<typeof flow>[], more: Partial<SankeyOptions> = {}) =>
  sankey({
    title: "t",
    description: "d",
    flows: mergeSmallFlows(flows),
    order: ["a", "b", "c"],
    colours: new Map([["a", "#112233"]]),
    sides: ["before", "after"],
    words: (value) => `${value} ha`,
    ...more,
  }).markup;
const heights = (markup: string) =>
  [...markup.matchAll(/class="node"[^>]* height="([^"]*)"/g)].map(([, height]) => Number(height));

describe("a transition diagram", () => {
  it("has bands and nodes as high as their values, and what stayed apart from what moved", () => {
    const markup = draw([flow("a", "a", 60), flow("a", "b", 20), flow("b", "b", 20)]);
    expect(markup.match(/class="band stays"/g)).toHaveLength(2);
    expect(markup.match(/class="band moves"/g)).toHaveLength(1);
    const [leftA, leftB, rightA, rightB] = heights(markup);
    expect([leftA / leftB, rightA / rightB].map((ratio) => Number(ratio.toFixed(2)))).toEqual([4, 1.5]);
    expect(leftA + leftB).toBeCloseTo(rightA + rightB, 1);
    expect(markup).toContain("<title>a → b: 20 ha</title>");
    expect(markup).toContain("<desc>d</desc>");
  });

  it("keeps every band within its nodes", () => {
    const markup = draw([flow("a", "a", 50), flow("a", "b", 30), flow("b", "a", 15), flow("b", "b", 5)]);
    const [top] = [...markup.matchAll(/class="node" x="200" y="([^"]*)" width="12" height="([^"]*)"/g)];
    const starts = [...markup.matchAll(/d="M212 ([\d.]+)C/g)].map(([, y]) => Number(y)).sort((a, b) => a - b);
    expect(starts[0]).toBe(Number(top[1]));
    expect(starts[1]).toBeCloseTo(Number(top[1]) + 0.625 * Number(top[2]), 1);
  });

  it("puts together what is too small to be seen, and loses nothing of it", () => {
    const small = Array.from({ length: 12 }, (_, i) => flow(i % 2 ? "a" : "b", `x${i}`, 0.1));
    const all = [flow("a", "a", 900), flow("a", "b", 99), ...small];
    const { flows, others, merged } = mergeSmallFlows(all);
    expect(merged).toBe(12);
    expect(flows).toHaveLength(2);
    expect(others.map(({ before }) => before).sort()).toEqual(["a", "b"]);
    const sum = (list: readonly { value: number }[]) => list.reduce((total, { value }) => total + value, 0);
    expect(sum(flows) + sum(others)).toBeCloseTo(sum(all), 9);
    expect(draw(all)).toContain("other changes");
    // The number beside a class counts what is not drawn.
    const few = [flow("a", "a", 1000), flow("b", "a", 0.5), flow("c", "a", 0.25)];
    expect(draw(few).match(/class="" [^>]*>a <tspan class="quiet">([^<]*)/)![1]).toBe("1000.75 ha");
  });

  it("keeps a single small change by its name, and small classes that stayed", () => {
    expect(mergeSmallFlows([flow("a", "a", 1000), flow("a", "b", 0.1), flow("c", "c", 0.1)])).toMatchObject({
      merged: 0,
      others: [],
    });
    expect(draw([flow("a", "a", 1000), flow("a", "b", 0.1)])).not.toContain("other changes");
  });

  it("escapes names, survives names like other changes, and having nothing to draw", () => {
    expect(draw([flow("<b>", "other changes", 1)])).toContain("&lt;b&gt;");
    expect(draw([]).match(/NaN|Infinity/)).toBeNull();
    expect(draw([flow("a", "b", 0)])).not.toContain('class="band');
  });
});
