import { type Model, readModel, withMetadata } from "../onnx/index.js";
import { appendHead, views as averageViews, type HeadLayer, lastLayer } from "../onnx/surgery.js";
import type { EmbeddingOrigin } from "./backbone.js";
import { MANIFEST_KEY, type Manifest } from "./manifest.js";

/** What a training says of its classifier, apart from what its parts say themselves. */
export interface ClassifierAbout extends Pick<Manifest, "task" | "dataset" | "test"> {
  /** In output order. */
  readonly classes: readonly string[];
  readonly thresholds: readonly number[];
  readonly rules?: readonly string[] | undefined;
  /** How the layer was calibrated. Default null: as it was fitted. */
  readonly calibration?: Manifest["calibration"] | undefined;
  /** What the thresholds were tuned for. Default null: nothing. */
  readonly tuning?: Manifest["tuning"] | undefined;
  /** The pixels that it was trained on. */
  readonly pixels?: Manifest["pixels"] | undefined;
  /** How its labels were made, where no person gave them. */
  readonly labelsFrom?: Manifest["labelsFrom"] | undefined;
}

/** What a classifier is put together from. */
export interface ClassifierParts {
  readonly origin: EmbeddingOrigin;
  /** How many flips and rotations of an image are averaged. */
  readonly views: Manifest["backbone"]["views"];
  readonly layer: HeadLayer;
  readonly about: ClassifierAbout;
}

/**
 * Puts a classifier together, its manifest inside: backbone and head; the head alone where the backbone is not known.
 *
 * @throws RangeError when layer and embedding do not fit together; UserError `bad-model` when 8 views need a square image
 */
export function assembleClassifier({ origin, views, layer, about }: ClassifierParts): { model: Model; manifest: Manifest } {
  const { id, sha256, embeddingSize, preprocess, normalize } = origin;
  const { task, classes, thresholds, rules = [], calibration = null, tuning = null, pixels, labelsFrom, dataset, test } = about;
  const manifest: Manifest = {
    version: 1,
    task,
    head: layer.head,
    classes: [...classes],
    thresholds: [...thresholds],
    calibration,
    tuning,
    ...(rules.length > 0 && { rules: [...rules] }),
    preprocess: preprocess && { ...preprocess, bands: [...preprocess.bands], range: [...preprocess.range] },
    backbone: { id, sha256, views, embeddingSize, ...(normalize && { normalize }) },
    ...(pixels && { pixels }),
    ...(labelsFrom && { labelsFrom }),
    dataset,
    test: { ...test },
  };
  const model =
    origin.model === undefined ? lastLayer(layer) : appendHead(averageViews(readModel(origin.model, { file: id }), views), layer);
  return { model: withMetadata(model, { [MANIFEST_KEY]: JSON.stringify(manifest) }), manifest };
}
