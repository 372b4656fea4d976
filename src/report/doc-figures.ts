import { ACTIVATIONS, sigmoid } from "../learn/activations.js";
import { probabilityBars } from "./plots/bars.js";
import { sigmoidCurve } from "./plots/curve.js";
import { figureFile } from "./plots/figure-file.js";
import { learningCurves } from "./plots/lines.js";

const LABELS: readonly string[] = ["forest", "river", "field", "road"];
/** Logits of the worked example with two labels in `docs/softmax-or-sigmoid.md`. */
export const TWO_LABELS: readonly number[] = [3, 2, -2, -4];
/** Logits of the worked example without a label. */
export const NO_LABEL: readonly number[] = [-2, -3, -4, -5];

/** The figures of `docs/softmax-or-sigmoid.md`: file name and SVG. */
export function docFigures(): readonly (readonly [file: string, svg: string])[] {
  return [
    ["two-labels.svg", figureFile(bothHeads("Forest and river are both there: logits 3, 2, −2, −4", TWO_LABELS))],
    ["no-label.svg", figureFile(bothHeads("Nothing known is there: logits −2, −3, −4, −5", NO_LABEL))],
    ["curve.svg", figureFile(curve())],
    ["temperature.svg", figureFile(temperatures())],
    ["slope.svg", figureFile(slopes())],
  ];
}

function bothHeads(title: string, logits: readonly number[]) {
  const values = (head: "softmax" | "sigmoid") => [...ACTIVATIONS[head](logits, logits.length)];
  return probabilityBars({
    title,
    labels: LABELS,
    series: [
      { name: "softmax", tone: "softmax", values: values("softmax") },
      { name: "sigmoid", tone: "sigmoid", values: values("sigmoid") },
    ],
    threshold: 0.5,
  });
}

function curve() {
  const logits = LABELS.map((name, k) => ({ name, logit: TWO_LABELS[k] }));
  return sigmoidCurve({ title: "The sigmoid beside a step function, four logits marked on it", logits });
}

const GRID = Array.from({ length: 161 }, (_, i) => i / 10 - 8);

function temperatures() {
  return learningCurves({
    title: "The sigmoid at temperatures 2, 1 and 0.2: nearer and nearer to a step",
    curves: [2, 1, 0.2].map((temperature) => ({
      name: `T = ${temperature}`,
      tone: "sigmoid",
      points: GRID.map((z) => [z, sigmoid(z / temperature)]),
    })),
    xLabel: "logit z",
    yLabel: "σ(z / T)",
  });
}

function slopes() {
  return learningCurves({
    title: "Slopes: the sigmoid's is at most a quarter and dies on both sides; ReLU's is 1 for every positive input",
    curves: [
      { name: "sigmoid", tone: "sigmoid", points: GRID.map((z) => [z, sigmoid(z) * sigmoid(-z)]) },
      {
        name: "ReLU",
        tone: "other",
        points: [
          [-8, 0],
          [0, 0],
          [0, 1],
          [8, 1],
        ],
      },
    ],
    xLabel: "input of the hidden unit",
    yLabel: "slope",
  });
}
