import { type Histogram, histogramTensor, readHistogram } from "./histogram.js";
import { type HParams, hparamsTensor, readHParams } from "./hparams.js";
import { type PrCurve, prCurveTensor, readPrCurve } from "./pr-curve.js";
import type { Tensor, TensorInit } from "./proto.js";
import { stringsOf, stringTensor } from "./tensor.js";

/** Encoded pictures of one size. */
export interface Pictures {
  readonly widthPx: number;
  readonly heightPx: number;
  /** PNG or JPEG files. */
  readonly encoded: readonly Uint8Array[];
}

/** What the plugins show, by their names in TensorBoard. */
export interface PluginValues {
  readonly histograms: Histogram;
  readonly images: Pictures;
  readonly pr_curves: PrCurve;
  readonly hparams: HParams;
}

export type PluginName = keyof PluginValues;

/** How a plugin's data stands in a summary. */
export interface Plugin<T> {
  /** 2 tensor, 3 blob sequence: TensorBoard refuses tensors that do not fit. */
  readonly dataClass: 2 | 3;
  readonly write: (value: T) => { readonly tensor: TensorInit; readonly content: Uint8Array };
  /** The value, or undefined where the tensor is not what the plugin shows. @throws Error when the content is not protobuf */
  readonly read: (tensor: Tensor, content: Uint8Array) => T | undefined;
}

/** Plugins that know nothing but their version, 0, are told nothing: proto3 omits zeros. */
const NOTHING = new Uint8Array(0);

/** Every plugin by name. */
export const PLUGINS: { readonly [P in PluginName]: Plugin<PluginValues[P]> } = {
  histograms: { dataClass: 2, write: (value) => ({ tensor: histogramTensor(value), content: NOTHING }), read: readHistogram },
  images: { dataClass: 3, write: (value) => ({ tensor: picturesTensor(value), content: NOTHING }), read: readPictures },
  pr_curves: { dataClass: 2, write: prCurveTensor, read: readPrCurve },
  hparams: { dataClass: 2, write: hparamsTensor, read: (_tensor, content) => readHParams(content) },
};

/** Width and height as decimal text, then the pictures. */
function picturesTensor({ widthPx, heightPx, encoded }: Pictures): TensorInit {
  return stringTensor([Buffer.from(String(widthPx)), Buffer.from(String(heightPx)), ...encoded]);
}

function readPictures(tensor: Tensor): Pictures | undefined {
  const strings = stringsOf(tensor);
  if (strings === undefined || strings.length < 2) return undefined;
  const [widthPx, heightPx] = strings.slice(0, 2).map(wholeNumber);
  return widthPx === undefined || heightPx === undefined ? undefined : { widthPx, heightPx, encoded: strings.slice(2) };
}

function wholeNumber(text: Uint8Array): number | undefined {
  return text.length < 10 && /^\d+$/.test(Buffer.from(text).toString("latin1"))
    ? Number(Buffer.from(text).toString("latin1"))
    : undefined;
}
