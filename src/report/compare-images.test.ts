import { describe, expect, it } from "vitest";
import { IMAGE_ROLES, type ImagePool, pickImages } from "./compare-images.js";

/** Four images of two classes, one for each story. */
const pool: ImagePool = {
  files: ["one", "nothing", "both", "unsure"],
  classes: 2,
  // biome-ignore format: one image a line
  labels: [
    1, 0,
    0, 0,
    1, 1,
    1, -1,
  ],
  heads: {
    softmax: {
      logits: [2, 0, 1, 0, 0.1, 0, 0, 0],
      probabilities: [0.9, 0.1, 0.8, 0.2, 0.55, 0.45, 0.5, 0.5],
      decisions: [1, 0, 1, 0, 1, 0, 1, 1],
    },
    sigmoid: {
      logits: [2, -2, -2, -2, 2, 2, 0, 0],
      probabilities: [0.9, 0.1, 0.1, 0.1, 0.95, 0.9, 0.4, 0.3],
      decisions: [1, 0, 0, 0, 1, 1, 0, 0],
    },
  },
};
const filesOf = (role: string) =>
  pickImages(pool)
    .filter((image) => image.role === role)
    .map(({ file }) => file);

describe("the images of a comparison", () => {
  it("show the sums that lie furthest apart", () => {
    expect(filesOf("sum")).toEqual(["both", "nothing"]);
  });

  it("show images without a label, and never one with an unknown label", () => {
    expect(filesOf("no-label")).toEqual(["nothing"]);
  });

  it("show images with several labels", () => {
    expect(filesOf("several")).toEqual(["both"]);
  });

  it("show the closest tie first", () => {
    expect(filesOf("tie")[0]).toBe("unsure");
  });

  it("show where decisions differ before where they agree", () => {
    expect(filesOf("disagreement")).toEqual(["unsure", "both", "nothing", "one"]);
  });

  it("carry logits, probabilities and decisions of both heads", () => {
    const [image] = pickImages(pool);
    expect(image.heads.softmax).toEqual({ logits: [0.1, 0], probabilities: [0.55, 0.45], decided: [true, false] });
    expect(image.labels).toEqual([1, 1]);
  });

  it("are none where there are no images", () => {
    const empty = { logits: [], probabilities: [], decisions: [] };
    expect(pickImages({ files: [], labels: [], classes: 3, heads: { softmax: empty, sigmoid: empty } })).toEqual([]);
  });

  it("exist for a single class, whose ties do not", () => {
    const single = { logits: [1], probabilities: [0.9], decisions: [1] };
    const picked = pickImages({ files: ["a"], labels: [1], classes: 1, heads: { softmax: single, sigmoid: single } });
    expect(picked.map(({ role }) => role)).toEqual(IMAGE_ROLES.filter((role) => role === "sum" || role === "disagreement"));
  });
});
