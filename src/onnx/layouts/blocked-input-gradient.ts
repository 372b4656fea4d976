import type { Value } from "../builder.js";
import type { Site } from "../lower.js";
import { backwardTaps, depthwiseWeights, reversedTaps } from "./blocked-weights.js";
import { type Blocks, ceilTo, openBlocks } from "./blocks.js";
import { type ConvPlan, convPlan, phaseOrder, phasesOf } from "./conv-plan.js";

/** A convolution whose input gradient is wanted. */
interface Job {
  readonly site: Site;
  readonly blocks: Blocks;
  readonly block: number;
  readonly plan: ConvPlan;
  readonly isDepthwise: boolean;
  /** `[O, I, kh, kw]`, filled up to whole blocks. */
  readonly weights: Value;
  /** `[N, O, OH, OW]` in blocks. */
  readonly dy: Value;
  /** Rows and columns of dX. */
  readonly size: readonly [number, number];
}

/** dX of a convolution, in blocks; false for groups that are not depthwise and for images of few bands. */
export function blockedInputGradient(site: Site, block: number): boolean {
  const { node, emit, shape, plain, attributes } = site;
  const [dy, w] = node.input;
  const plan = convPlan(attributes);
  const [, channels, height, width] = attributes.ints("shape")!; // written by the rule of Conv
  const [filters, perGroup] = shape(w);
  const isDepthwise = plan.group > 1 && plan.group === channels && filters === channels;
  if ((plan.group > 1 && !isDepthwise) || channels < block) return false;
  const ins = isDepthwise ? 1 : ceilTo(channels, block);
  const weights = emit.pad(emit.pad(plain(w), 0, 0, ceilTo(filters, block) - filters), 1, 0, ins - perGroup);
  const blocks = openBlocks(site, block);
  const job: Job = { site, blocks, block, plan, isDepthwise, weights, dy: blocks.get(dy), size: [height, width] };
  const result = ways(job);
  if (result === undefined) return false;
  blocks.keep(node.output[0], result);
  return true;
}

function ways(job: Job): Value | undefined {
  const { plan, dy, size, isDepthwise } = job;
  const { kernel, strides, pads } = plan;
  if (strides[0] === 1 && strides[1] === 1) return unstrided(job, dy, pads, size);
  if (kernel[0] * kernel[1] === 1 && pads[0] === 0 && pads[1] === 0) {
    // Multiplied while the image is small.
    const [, , oh, ow] = job.site.emit.shape(dy);
    const small = unstrided(job, dy, [0, 0, 0, 0], [oh, ow]);
    return small && fitted(job, spread(job, small));
  }
  return isDepthwise ? unstrided(job, spread(job, dy), pads, size) : phased(job);
}

/** The convolution of dY with the weights turned by 180°, inputs for outputs. */
function unstrided(
  { site: { emit }, blocks, block, plan, isDepthwise, weights }: Job,
  dy: Value,
  pads: ConvPlan["pads"],
  size: readonly number[],
): Value | undefined {
  const { kernel, dilations } = plan;
  const [outs, ins] = emit.shape(weights);
  const [, , ...from] = emit.shape(dy);
  const reach = [0, 1].map((axis) => dilations[axis] * (kernel[axis] - 1));
  const before = [0, 1].map((axis) => reach[axis] - pads[axis]);
  const after = [0, 1].map((axis) => size[axis] - (from[axis] + before[axis] - reach[axis]));
  if ([...before, ...after].some((pad) => pad < 0)) return undefined;
  const turned = () => {
    if (!isDepthwise) return emit.reshape(reversedTaps(emit, backwardTaps(emit, weights, block), 1), [ins, outs, ...kernel]);
    const flat = emit.reshape(weights, [outs, kernel[0] * kernel[1]]);
    return depthwiseWeights(emit, emit.reshape(reversedTaps(emit, flat, 1), [outs, 1, ...kernel]), block);
  };
  const attributes = { kernel_shape: kernel, dilations, pads: [...before, ...after], group: isDepthwise ? outs : 1 };
  return blocks.op("Conv", [dy, turned()], attributes);
}

/** Puts zeros between the pixels: a row beside each, then a row below. */
function spread({ site: { emit }, block, plan }: Job, value: Value): Value {
  const [s, across] = plan.strides;
  const [n, channels, height, width] = emit.shape(value);
  const rows = ((n * channels) / block) * height;
  const cells = emit.reshape(value, [rows, width, block]);
  const beside = emit.op("Concat", [cells, emit.zeros([rows, width, (across - 1) * block])], { axis: 2 });
  const length = width * across * block;
  const below = emit.op("Concat", [emit.reshape(beside, [rows, length]), emit.zeros([rows, (s - 1) * length])], { axis: 1 });
  return emit.reshape(below, [n, channels, height * s, width * across]);
}

/** All phases of the strides in one small convolution, then the phases between each other. */
function phased(job: Job): Value | undefined {
  const { site, blocks, block, plan, weights, dy, size } = job;
  const { emit } = site;
  const { kernel, strides, dilations, pads } = plan;
  const [s, across] = strides;
  if (s !== across || dilations.some((dilation) => dilation > 1)) return undefined;
  const [n, , ...from] = emit.shape(dy);
  const [rows, columns] = [0, 1].map((axis) => phasesOf(kernel[axis], s, pads[axis], from[axis], size[axis]));
  const around = [rows.padBefore, columns.padBefore, rows.padAfter, columns.padAfter];
  if (around.some((pad) => pad < 0)) return undefined;
  const [outs, ins] = emit.shape(weights);
  const taps = kernel[0] * kernel[1];
  const cells = (ins * outs) / block ** 2;
  const given = backwardTaps(emit, weights, block);
  const all = emit.op("Concat", [given, emit.zeros([cells, 1, block ** 2])], { axis: 1 });
  // [cells, s², small, B²] → [s², cells, small, B²]
  const small = rows.taps * columns.taps;
  const picked = emit.op("Gather", [all, emit.ints(phaseOrder(s, [rows, columns], kernel[1], taps))], { axis: 1 });
  const perPhase = emit.transpose(emit.reshape(picked, [cells, s * s, small * block ** 2]), [1, 0, 2]);
  const kernels = emit.reshape(perPhase, [s * s * ins, outs, rows.taps, columns.taps]);
  const phases = blocks.op("Conv", [dy, kernels], { kernel_shape: [rows.taps, columns.taps], pads: around });
  // [N, s, s, C/B, h, w, B] → [N, C/B, h, s, w, s, B]
  const apart = emit.reshape(phases, [n, s, s, ins / block, rows.cells, columns.cells, block]);
  const woven = emit.transpose(apart, [0, 3, 4, 1, 5, 2, 6]);
  return fitted(job, emit.reshape(woven, [n, ins, rows.cells * s, columns.cells * s]));
}

/** Cuts rows and columns off at the end, or adds zeros there. */
function fitted({ site: { emit }, block, size: [height, width] }: Job, value: Value): Value {
  const [n, c, h, w] = emit.shape(value);
  if (h === height && w === width) return value;
  const cells = emit.reshape(value, [(n * c) / block, h, w, block]);
  return emit.reshape(emit.pad(emit.pad(cells, 1, 0, height - h), 2, 0, width - w), [n, c, height, width]);
}
