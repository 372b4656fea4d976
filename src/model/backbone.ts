import type { WorkOptions } from "../progress.js";
import type { Preprocess } from "../raster/preprocess.js";
import type { Raster } from "../raster/raster.js";
import type { ValuesWanted } from "../raster/values.js";
import type { InputNormalization } from "./input-normalization.js";

/** A feature extractor made ready: one ONNX model from pixels to embeddings, and what to do before it. */
export interface Backbone {
  /** As stored in classifiers: "rcf", "stats", or the name of an ONNX file. */
  readonly id: string;
  /**
   * Serialised ONNX: input `image` float32 `[N, C, H, W]` in source range, output `embedding` float32 `[N, D]`, of the image as it
   * stands. Training on the 8 flips and rotations is the caller's choice and wraps this model (`backbones/views.ts`).
   */
  readonly model: Uint8Array;
  /** sha256 of `model`, hex: the key of the embedding cache and of the classifier's manifest. */
  readonly sha256: string;
  readonly preprocess: Preprocess;
  /** D. */
  readonly embeddingSize: number;
  /** What `model` does to each band before all else, where `--normalize` asked for it. */
  readonly normalize?: InputNormalization | undefined;
}

/** Where embeddings come from: a backbone, or somewhere else, and then nobody can tell how to make them of an image. */
export type EmbeddingOrigin =
  | Backbone
  | (Pick<Backbone, "id" | "sha256" | "embeddingSize" | "normalize"> & { readonly model?: undefined; readonly preprocess: null });

/** What a backbone may ask of the data it will serve. Never a pixel of the test part. */
export interface BackboneContext extends WorkOptions, Omit<ValuesWanted, "bands"> {
  readonly seed: number;
  /** Bands to look at, in input order; by default those that most images have. */
  readonly bands?: readonly string[] | undefined;
  /** Reads up to `limit` training images, evenly spread over the training part, decoded but not resized. */
  readonly trainingImages: (limit: number) => AsyncIterable<Raster>;
}
