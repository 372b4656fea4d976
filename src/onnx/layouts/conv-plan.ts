import type { Attributes } from "../attributes.js";
import type { Windows } from "../ops/convolution.js";

/** A convolution as its gradients see it: the windows of the forward pass, and the groups. */
export interface ConvPlan extends Windows {
  readonly group: number;
}

/** Reads what `windowAttributes` wrote. */
export function convPlan(attributes: Attributes): ConvPlan {
  const pair = (name: string): readonly [number, number] => {
    const given = attributes.ints(name) ?? [1, 1];
    return [given[0], given[1]];
  };
  const [top = 0, left = 0, bottom = 0, right = 0] = attributes.ints("pads") ?? [];
  return {
    kernel: pair("kernel_shape"),
    strides: pair("strides"),
    dilations: pair("dilations"),
    pads: [top, left, bottom, right],
    group: attributes.int("group", 1),
  };
}

/**
 * Rows and columns to add at the end of an image so that sliding dY over it gives exactly the taps of the kernel; negative where
 * windows leave the last pixels out.
 */
export function padsAtEnd(
  { kernel, strides, dilations, pads }: ConvPlan,
  image: readonly number[],
  windows: readonly number[],
): readonly number[] {
  return [0, 1].map(
    (axis) => dilations[axis] * (kernel[axis] - 1) + strides[axis] * (windows[axis] - 1) + 1 - image[axis] - pads[axis],
  );
}

/** One axis of the input gradient of a convolution with stride s > 1, cut into s phases (sub-pixel convolution, Shi et al. 2016). */
export interface Phases {
  /** Taps of the small kernel that all phases share. */
  readonly taps: number;
  readonly padBefore: number;
  readonly padAfter: number;
  /** Cells of s pixels; the last may reach over the border. */
  readonly cells: number;
  /** For phase and tap, the tap of the original kernel, or undefined where there is none. */
  readonly source: (phase: number, tap: number) => number | undefined;
}

/**
 * dX[s i + u] = Σ_t W[r + s t] dY[i + m − t] with u + p = s m + r: a convolution of dY with few taps for each phase u.
 * For 3 taps and stride 2 that is 2 taps, and nothing is multiplied with zeros that were put in between.
 */
export function phasesOf(kernel: number, stride: number, pad: number, from: number, to: number): Phases {
  const offsets = Array.from({ length: stride }, (_, u) => {
    const m = Math.floor((u + pad) / stride);
    const r = (u + pad) % stride;
    const count = Math.max(0, Math.ceil((kernel - r) / stride));
    return Array.from({ length: count }, (_, t) => ({ offset: m - t, tap: r + stride * t }));
  });
  const all = offsets.flat().map(({ offset }) => offset);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  const cells = Math.ceil(to / stride);
  return {
    taps: most - least + 1,
    padBefore: -least,
    padAfter: cells - 1 + most - (from - 1),
    cells,
    source: (phase, tap) => offsets[phase].find(({ offset }) => offset === least + tap)?.tap,
  };
}

/** For phase row, phase column, tap row, tap column: the tap of the original kernel, or `none`. */
export function phaseOrder(stride: number, [rows, columns]: readonly Phases[], kernelWidth: number, none: number): number[] {
  const order: number[] = [];
  for (let u = 0; u < stride; u++)
    for (let v = 0; v < stride; v++)
      for (let i = 0; i < rows.taps; i++)
        for (let j = 0; j < columns.taps; j++) {
          const [row, column] = [rows.source(u, i), columns.source(v, j)];
          order.push(row === undefined || column === undefined ? none : row * kernelWidth + column);
        }
  return order;
}
