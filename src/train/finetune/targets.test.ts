import { describe, it } from "vitest";
import { expectClose } from "../../../test/golden.js";
import { CELL_WEIGHTS } from "../../model/head-weights.js";
import { HEADS } from "../../task.js";
import { openTargets } from "./targets.js";

const CLASSES = 3;
const FULL = Int8Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 1);
/** The second class is known of one image alone, the last image not at all. */
const SPARSE = Int8Array.of(1, 1, 0, 0, -1, 1, 1, -1, 0, -1, -1, -1);
const close = (actual: Float32Array, expected: Float32Array) => expectClose(actual, expected, { relative: 1e-6, absolute: 1e-9 });

describe.each(HEADS)("targets of a %s head", (head) => {
  it("of a batch of known labels are its own cell weights", () => {
    const targets = openTargets({ labels: FULL, classes: CLASSES, head, labelSmoothing: 0.1, images: 2 });
    const { positive, negative } = targets(Int32Array.of(4, 0));
    const expected = CELL_WEIGHTS[head](Int8Array.of(0, 1, 0, 1, 0, 0), CLASSES, { labelSmoothing: 0.1 });
    close(positive, expected.positive);
    close(negative, expected.negative);
  });

  it("of all batches together are the cell weights of the whole, times the number of batches", () => {
    const targets = openTargets({ labels: SPARSE, classes: CLASSES, head, labelSmoothing: 0, images: 2 });
    const [a, b] = [targets(Int32Array.of(0, 1)), targets(Int32Array.of(2, 3))];
    const whole = CELL_WEIGHTS[head](SPARSE, CLASSES);
    for (const side of ["positive", "negative"] as const) {
      close(
        Float32Array.of(...a[side], ...b[side]),
        whole[side].map((weight) => 2 * weight),
      );
    }
  });

  it("are mixed as the images are", () => {
    const targets = openTargets({ labels: FULL, classes: CLASSES, head, labelSmoothing: 0, images: 2 });
    const plain = targets(Int32Array.of(0, 1)).positive;
    const { positive } = targets(Int32Array.of(0, 1), { lambda: 0.75 });
    close(
      positive.slice(0, 3),
      Float32Array.from([0, 1, 2], (k) => 0.75 * plain[k] + 0.25 * plain[3 + k]),
    );
  });
});
