import type { Value } from "../../onnx/index.js";
import { basicBlock, fusedBlock, invertedBlock } from "./blocks.js";
import { type Activation, type Architecture, type ConvOptions, convNorm, type Layers, relu } from "./layers.js";

/** What a block is told; the basic one has no use for the expansion. */
interface ChipnetBlockOptions {
  readonly filters: number;
  readonly stride: number;
  readonly expansion: number;
  readonly activation: Activation;
}

/** The blocks that a stage can be made of. */
const BLOCKS = {
  basic: basicBlock,
  fused: fusedBlock,
  inverted: invertedBlock,
} as const satisfies Record<string, (layers: Layers, input: Value, name: string, options: ChipnetBlockOptions) => Value>;

export interface ChipnetStage {
  readonly block: keyof typeof BLOCKS;
  readonly filters: number;
  readonly blocks: number;
  /** Stride of the first block; 2 unless told otherwise. */
  readonly stride?: number;
  /** Channels inside a fused or inverted block ÷ channels of its input; 4 unless told otherwise. */
  readonly expansion?: number;
}

export interface ChipnetDesign {
  /** Convolutions with batch normalisation and ReLU that bring the image down to where the blocks work. */
  readonly stem: readonly ConvOptions[];
  readonly stages: readonly ChipnetStage[];
  /** D: the filters of a last 1 × 1 convolution; without it, D is what the last stage has. */
  readonly embedding?: number;
}

/**
 * A network for chips of 64 to 128 px on a CPU, where time goes into passes over large feature maps rather than into arithmetic:
 * few layers at high resolution, dense convolutions of 32 channels and more, everything in multiples of 16.
 */
export function chipnet({ stem, stages, embedding }: ChipnetDesign): Architecture {
  return (layers, image) => {
    const activation = relu(layers);
    const layer = (input: Value, name: string, options: ConvOptions) =>
      activation(convNorm(layers, input, { conv: `${name}.conv`, norm: `${name}.bn` }, options), name);
    let value = image;
    stem.forEach((options, index) => {
      value = layer(value, `stem.${index}`, options);
    });
    stages.forEach(({ block, filters, blocks, stride = 2, expansion = 4 }, stage) => {
      for (let index = 0; index < blocks; index++) {
        const options = { filters, stride: index === 0 ? stride : 1, expansion, activation };
        value = BLOCKS[block](layers, value, `stage${stage + 1}.${index}`, options);
      }
    });
    return embedding === undefined ? value : layer(value, "head", { filters: embedding, kernelPx: 1 });
  };
}
