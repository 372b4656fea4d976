import { nearest, UserError } from "../errors.js";
import { GraphBuilder, type Model } from "../onnx/index.js";
import { EMBEDDING, IMAGE, normalized } from "../onnx/surgery.js";
import { createRandom } from "../random.js";
import { chipnet } from "./networks/chipnet.js";
import type { Architecture } from "./networks/layers.js";
import { mobilenetV2 } from "./networks/mobilenet-v2.js";
import { resnet } from "./networks/resnet.js";
import { resnet9 } from "./networks/resnet9.js";

/** A network that is trained from its first layer on. */
interface NetworkRow {
  readonly architecture: Architecture;
  /** Pixels to a cell of the last feature maps, so also the side of the smallest image that fills one. */
  readonly stride: number;
}

/** The networks that can be trained from scratch, by name. Why these: docs/decisions/0020-networks.md. */
export const NETWORKS = {
  "resnet18-w32": { architecture: resnet({ width: 32, blocks: [2, 2, 2, 2] }), stride: 8 },
  resnet9: { architecture: resnet9({ width: 64 }), stride: 8 },
  "mobilenetv2-0.35": { architecture: mobilenetV2({ alpha: 0.35 }), stride: 32 },
  "mobilenetv2-0.5": { architecture: mobilenetV2({ alpha: 0.5 }), stride: 32 },
  "mobilenetv2-1.0": { architecture: mobilenetV2({ alpha: 1 }), stride: 32 },
  chipnet: {
    architecture: chipnet({
      stem: [{ filters: 32, kernelPx: 3, stride: 2 }],
      stages: [
        { block: "fused", filters: 48, blocks: 2, expansion: 2 },
        { block: "inverted", filters: 96, blocks: 3 },
      ],
      embedding: 512,
    }),
    stride: 8,
  },
} as const satisfies Record<string, NetworkRow>;

export type NetworkName = keyof typeof NETWORKS;

export interface NetworkOptions {
  /** C: the bands of the images. */
  readonly bands: number;
  /** Side of the square images. */
  readonly sizePx: number;
  readonly seed: number;
  /** The network sees (pixel − mean) / std. One number per band, in source range; 0 by default. */
  readonly mean?: readonly number[];
  /** 1 by default. */
  readonly std?: readonly number[];
}

/** A word as the name of a network. @throws UserError `usage` naming the nearest known one */
export function networkName(word: string): NetworkName {
  if (isName(word)) return word;
  const meant = nearest(word, Object.keys(NETWORKS));
  throw new UserError("usage", `unknown network "${word}"${meant ? `; did you mean "${meant}"?` : ""}`, {
    hint: `Networks are ${Object.keys(NETWORKS).join(", ")}.`,
  });
}

function isName(word: string): word is NetworkName {
  return Object.hasOwn(NETWORKS, word);
}

/**
 * An untrained network in opset 17: input `image` float32 `[N, C, S, S]` in source range, normalisation inside, output `embedding`
 * `[N, D]`, the mean of the last feature maps over their cells. Batch normalisation stands in its form for inference, as the
 * identity. The same seed gives the same bytes.
 *
 * @throws UserError `usage` when the images are smaller than one cell of the last feature maps
 * @throws RangeError when `bands` or `sizePx` is not a count, or `mean` or `std` is not one usable number per band
 */
export function buildNetwork(name: NetworkName, options: NetworkOptions): Model {
  const { architecture, stride } = NETWORKS[name];
  if (options.sizePx < stride) {
    throw new UserError(
      "usage",
      `images of ${options.sizePx} px are too small for ${name}, which halves them down to 1/${stride}`,
      {
        hint: `Give a size of at least ${stride} px.`,
      },
    );
  }
  return networkModel(name, architecture, options);
}

/** What {@link buildNetwork} makes of a row, for architectures that are not in the table. @throws RangeError as there */
export function networkModel(name: string, architecture: Architecture, options: NetworkOptions): Model {
  const { bands, sizePx, seed } = options;
  if (![bands, sizePx].every((count) => Number.isSafeInteger(count) && count > 0)) {
    throw new RangeError(`a network takes whole numbers of bands and pixels, not ${bands} bands of ${sizePx} px`);
  }
  const { mean = new Array<number>(bands).fill(0), std = new Array<number>(bands).fill(1) } = options;
  if (mean.length !== bands || std.length !== bands) {
    throw new RangeError(`${bands} bands have ${mean.length} means and ${std.length} standard deviations`);
  }
  if (!mean.every(Number.isFinite) || !std.every((deviation) => Number.isFinite(1 / deviation) && deviation > 0)) {
    throw new RangeError(`bands cannot be normalised with mean [${mean.join(", ")}] and std [${std.join(", ")}]`);
  }
  const graph = new GraphBuilder();
  const image = normalized(graph, graph.input(IMAGE, "float32", ["N", bands, sizePx, sizePx]), { mean, std, scale: 1 });
  const maps = architecture({ graph, random: createRandom(seed, "network") }, image);
  graph.output(graph.op("Flatten", [graph.op("GlobalAveragePool", [maps], {}, "pooled")], { axis: 1 }, EMBEDDING));
  return graph.build({ name });
}
