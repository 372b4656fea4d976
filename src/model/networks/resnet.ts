import { basicBlock } from "./blocks.js";
import { type Architecture, convNorm, relu } from "./layers.js";

export interface ResnetDesign {
  /** Channels of the first stage; each further stage has twice as many. */
  readonly width: number;
  /** Basic blocks of each stage. */
  readonly blocks: readonly number[];
}

/**
 * ResNet with basic blocks (He et al. 2016) in its form for small images: the first convolution is 3 × 3 at stride 1 and no pooling
 * follows. Parameters are named as in torchvision. D = width · 2^(stages − 1).
 */
export function resnet({ width, blocks }: ResnetDesign): Architecture {
  return (layers, image) => {
    let value = convNorm(layers, image, { conv: "conv1", norm: "bn1" }, { filters: width, kernelPx: 3 });
    value = relu(layers)(value, "relu");
    blocks.forEach((count, stage) => {
      for (let index = 0; index < count; index++) {
        const options = { filters: width * 2 ** stage, stride: stage > 0 && index === 0 ? 2 : 1 };
        value = basicBlock(layers, value, `layer${stage + 1}.${index}`, options);
      }
    });
    return value;
  };
}
