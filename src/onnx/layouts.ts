import { blockedLowerings } from "./layouts/blocked.js";
import { PORTABLE_LOWERINGS } from "./layouts/portable.js";
import type { Lowering } from "./lower.js";

/** How images lie in memory while a network is trained. */
export interface Layout {
  readonly name: "portable" | "blocked";
  /** Channels that lie side by side in the blocked layout; 1 in the portable one. */
  readonly block: number;
  /** Tables by operator, tried in order; what none of them writes stays as it is. */
  readonly lowerings: readonly Readonly<Record<string, Lowering>>[];
}

/** `[N, C, H, W]`, standard operators: every platform, WebAssembly too. */
export const PORTABLE: Layout = { name: "portable", block: 1, lowerings: [PORTABLE_LOWERINGS] };

/** `[N, C/B, H, W, B]`: the layout that ONNX Runtime keeps for its own convolutions on x64. What it cannot hold stays portable. */
export function blockedLayout(block: number): Layout {
  return { name: "blocked", block, lowerings: [blockedLowerings(block), PORTABLE_LOWERINGS] };
}
