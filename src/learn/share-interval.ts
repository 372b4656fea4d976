import type { Estimate } from "./area-estimate.js";

/** Where a share lies: estimate ± z standard errors, within 0 and 1; undefined where the sample cannot tell. */
export function shareInterval({ value, standardError }: Estimate, z: number): readonly [low: number, high: number] | undefined {
  if (value === undefined || standardError === undefined) return undefined;
  return [Math.max(0, value - z * standardError), Math.min(1, value + z * standardError)];
}
