import { createHash } from "node:crypto";
import type { Part } from "../../task.js";
import { baseName } from "../names.js";
import type { Fractions } from "./fractions.js";

/** retrain.py's MAX_NUM_IMAGES_PER_CLASS. */
const MAX = 2 ** 27 - 1;

/**
 * The part of a unit by the SHA-1 of its name, after TensorFlow's retrain.py: it does not move when other files come or when the
 * folder is moved.
 *
 * @param name of the group, or of the file, whose folders are left out of the hash; what follows `_nohash_` is left out too
 */
export function hashPart(name: string, fractions: Fractions): Part {
  return partAt(percentageOf(baseName(name)), 100 * fractions.test, 100 * fractions.validation);
}

/**
 * The part that retrain.py itself would choose; it hashes the path as it was given: `<image_dir>/<class>/<file>`.
 *
 * @param testing percentage
 * @param validation percentage
 */
export function retrainHashPart(fileName: string, testing: number, validation: number): Part {
  return partAt(percentageOf(fileName), testing, validation);
}

/** `(int(sha1(re.sub(r'_nohash_.*$', '', name)), 16) % (MAX + 1)) * (100.0 / MAX)`. */
function percentageOf(name: string): number {
  const sha1 = createHash("sha1")
    .update(name.replace(/_nohash_[^\n]*$/, ""))
    .digest();
  // MAX + 1 is 2²⁷: the remainder is the lowest 27 bits.
  return (sha1.readUInt32BE(16) & MAX) * (100 / MAX);
}

function partAt(percentage: number, testing: number, validation: number): Part {
  if (percentage < validation) return "validation";
  return percentage < testing + validation ? "test" : "train";
}
