import { invertedBlock } from "./blocks.js";
import { type Architecture, convNorm, relu6 } from "./layers.js";

/** Table 2 of Sandler et al. 2018: expansion t, channels c, blocks n, stride s of the first of them. */
const STAGES = [
  { expansion: 1, channels: 16, blocks: 1, stride: 1 },
  { expansion: 6, channels: 24, blocks: 2, stride: 2 },
  { expansion: 6, channels: 32, blocks: 3, stride: 2 },
  { expansion: 6, channels: 64, blocks: 4, stride: 2 },
  { expansion: 6, channels: 96, blocks: 3, stride: 1 },
  { expansion: 6, channels: 160, blocks: 3, stride: 2 },
  { expansion: 6, channels: 320, blocks: 1, stride: 1 },
] as const;

const STEM_CHANNELS = 32;
const LAST_CHANNELS = 1280;

/**
 * MobileNetV2 (Sandler et al. 2018). `alpha` multiplies every number of channels but the last, which only grows:
 * D = 1280 · max(1, alpha). Parameters are named as in torchvision.
 */
export function mobilenetV2({ alpha }: { readonly alpha: number }): Architecture {
  return (layers, image) => {
    const activation = relu6(layers);
    const ends = (index: number) => ({ conv: `features.${index}.0`, norm: `features.${index}.1` });
    const stem = { filters: divisible(STEM_CHANNELS * alpha), kernelPx: 3, stride: 2 };
    let value = activation(convNorm(layers, image, ends(0), stem), "features.0");
    let index = 1;
    for (const { expansion, channels, blocks, stride } of STAGES) {
      const filters = divisible(channels * alpha);
      for (let block = 0; block < blocks; block++, index++) {
        const options = { filters, stride: block === 0 ? stride : 1, expansion, activation };
        value = invertedBlock(layers, value, `features.${index}`, options);
      }
    }
    const last = { filters: divisible(LAST_CHANNELS * Math.max(1, alpha)), kernelPx: 1 };
    return activation(convNorm(layers, value, ends(index), last), `features.${index}`);
  };
}

/** The multiple of 8 nearest to a number of channels (halves go up), at least 8, and never more than a tenth below it. */
function divisible(channels: number): number {
  const nearest = Math.max(8, 8 * Math.floor(channels / 8 + 0.5));
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}
