import { describe, expect, it } from "vitest";
import { parseManifest } from "./manifest.js";

/** As version 0.1 wrote it before thresholds were tuned. */
const EARLIER = {
  version: 1,
  task: "multilabel",
  head: "sigmoid",
  classes: ["field", "forest"],
  thresholds: [0.5, 0.5],
  calibration: null,
  preprocess: null,
  backbone: { id: "embeddings", sha256: "0", views: 1, embeddingSize: 2 },
  dataset: { fingerprint: "0", counts: { train: 1, validation: 0, test: 0 } },
  test: {},
};
const calibration = { method: "platt", scale: [1.1, 0.9], shift: [0, -0.2], ece: { before: 0.05, after: 0.02 } };
const tuning = {
  goal: "recall",
  minPrecision: 0.8,
  intervals: [
    [0.2, 0.4],
    [0.3, 0.5],
  ],
};
const read = (manifest: object) => parseManifest(JSON.stringify(manifest), "classifier.onnx");

describe("a manifest", () => {
  it("written before calibration and tuning is read", () => {
    expect(read(EARLIER)).toEqual(EARLIER);
  });

  it("keeps calibration and tuning", () => {
    expect(read({ ...EARLIER, calibration, tuning })).toMatchObject({ calibration, tuning });
  });

  it.each([
    { calibration: { ...calibration, scale: [1, 0] } },
    { calibration: { ...calibration, scale: [1] } },
    { calibration: { ...calibration, method: "magic" } },
    { tuning: { ...tuning, goal: "luck" } },
    { tuning: { ...tuning, intervals: [[0.2, 0.4]] } },
  ])("with %j is refused", (wrong) => {
    expect(() => read({ ...EARLIER, ...wrong })).toThrow(expect.objectContaining({ code: "bad-model" }));
  });
});
