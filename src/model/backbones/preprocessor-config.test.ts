import { expect, it } from "vitest";
import { UserError } from "../../errors.js";
import { type InputOptions, type Json, parsePreprocessorConfig } from "./preprocessor-config.js";

const IMAGENET = { image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] };
const stretch = (size: number) => ({ widthPx: size, heightPx: size, fit: "stretch" });
const crop = (size: number, shorterSidePx: number) => ({ widthPx: size, heightPx: size, fit: "crop", shorterSidePx });

it.each<[string, Json, object, object]>([
  [
    "ViT",
    { do_normalize: true, do_resize: true, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5], resample: 2, size: 224 },
    { ...stretch(224), interpolation: "bilinear", bands: ["red", "green", "blue"] },
    { scale: 1 / 255, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5], reverseChannels: false },
  ],
  [
    "CLIP",
    { ...IMAGENET, crop_size: { height: 224, width: 224 }, do_center_crop: true, resample: 3, size: { shortest_edge: 224 } },
    { ...crop(224, 224), interpolation: "bicubic" },
    { scale: 1 / 255, mean: IMAGENET.image_mean, std: IMAGENET.image_std },
  ],
  [
    "ResNet of old",
    { ...IMAGENET, crop_size: 224, do_center_crop: true, resample: 2, size: 256 },
    { ...crop(224, 256) },
    { scale: 1 / 255 },
  ],
  ["ConvNeXt", { ...IMAGENET, crop_pct: 0.875, resample: 3, size: { shortest_edge: 224 } }, crop(224, 256), {}],
  ["ConvNeXt at 384", { ...IMAGENET, crop_pct: 0.875, resample: 3, size: { shortest_edge: 384 } }, stretch(384), {}],
  [
    "MobileViT",
    { do_flip_channel_order: true, do_normalize: false, resample: 2, size: { height: 256, width: 192 } },
    { widthPx: 192, heightPx: 256, fit: "stretch" },
    { scale: 1 / 255, mean: [0, 0, 0], std: [1, 1, 1], reverseChannels: true },
  ],
  [
    "a network of grey pixels 0 to 255",
    { size: 64, resample: 4, do_rescale: false, do_normalize: true, image_mean: [128], image_std: [64] },
    { bands: ["grey"], interpolation: "box" },
    { scale: 1, mean: [128], std: [64] },
  ],
  [
    "EfficientNet with an offset",
    { size: 64, resample: 2, rescale_factor: 1 / 127.5, rescale_offset: true, do_normalize: false },
    {},
    { scale: 1 / 127.5, mean: [1, 1, 1], std: [1, 1, 1] },
  ],
])("reads the configuration of %s", (_, config, preprocess, normalization) => {
  const input = parsePreprocessorConfig(config, "preprocessor_config.json");
  expect(input.preprocess).toMatchObject({ antialias: true, range: [0, 255], ...preprocess });
  expect(input.normalization).toMatchObject(normalization);
  expect(input.notes).toEqual([]);
});

it("says what it had to assume", () => {
  const { notes } = parsePreprocessorConfig({ ...IMAGENET, size: { shortest_edge: 224 } }, "x.json");
  expect(notes).toEqual([expect.stringMatching(/^x\.json .*centre/), expect.stringMatching(/^x\.json .*bilinear/)]);
});

it("lets options win over the file", () => {
  const options: InputOptions = {
    size: [100, 80],
    shorterSidePx: 90,
    interpolation: "lanczos",
    scale: 2,
    mean: [1, 2],
    std: [3, 4],
    channelOrder: "bgr",
    bands: ["nir", "red"],
  };
  expect(parsePreprocessorConfig({ ...IMAGENET, size: 224, resample: 0 }, "x.json", options)).toEqual({
    preprocess: {
      widthPx: 100,
      heightPx: 80,
      fit: "crop",
      shorterSidePx: 90,
      interpolation: "lanczos",
      antialias: true,
      bands: ["nir", "red"],
      range: [0, 255],
    },
    normalization: { scale: 2, mean: [1, 2], std: [3, 4], reverseChannels: true },
    notes: [],
  });
});

it.each<[string, Json]>([
  ["the size", { ...IMAGENET }],
  ['"size" is -1', { ...IMAGENET, size: -1 }],
  ['"size" is 1000000', { ...IMAGENET, size: 1_000_000 }],
  ['"size" is {"height":3}', { ...IMAGENET, size: { height: 3 } }],
  ['"image_mean" is undefined', { size: 224, resample: 2, do_normalize: true }],
  ['"image_std" is ["a"]', { ...IMAGENET, size: 224, image_std: ["a"] }],
  ["not above zero", { ...IMAGENET, size: 224, image_std: [1, 0, 1] }],
  ["3 means and 2 standard deviations", { ...IMAGENET, size: 224, image_std: [1, 1] }],
  ['"resample" is 9', { ...IMAGENET, size: 224, resample: 9 }],
  ['"do_rescale" is "yes"', { ...IMAGENET, size: 224, do_rescale: "yes" }],
  ["2 channels", { size: 224, image_mean: [1, 1], image_std: [1, 1] }],
])("refuses a configuration with a fault: %s", (reason, config) => {
  const parse = () => parsePreprocessorConfig(config, "x.json");
  expect(parse).toThrow(UserError);
  expect(parse).toThrow(/^x\.json: /);
  expect(parse).toThrow(reason);
});
