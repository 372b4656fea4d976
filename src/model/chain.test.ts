import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readModel } from "../onnx/index.js";
import { type InputValues, inputValues } from "../onnx/input-values.js";
import { measureValues } from "../raster/measure.js";
import type { Preprocess } from "../raster/preprocess.js";
import { openOnnxBackbone } from "./backbones/onnx-file.js";
import { preprocessingSteps } from "./chain.js";
import { expectedInput, judgeInput } from "./expected-input.js";

const RGB = ["red", "green", "blue"];
const jpeg = { widthPx: 256, heightPx: 256, format: "JPEG", dtype: "uint8", bands: RGB } as const;
const crop: Preprocess = {
  ...{ widthPx: 224, heightPx: 224, fit: "crop", shorterSidePx: 256, interpolation: "bicubic", antialias: true },
  ...{ bands: RGB, range: [0, 255] },
};
function values(
  factor: number | readonly number[],
  shift: number | readonly number[],
  more: Partial<InputValues> = {},
): InputValues {
  const list = (value: number | readonly number[]) => (typeof value === "number" ? [value, value, value] : value);
  return { order: [0, 1, 2], factor: list(factor), shift: list(shift), standardized: false, tensor: "x", ...more };
}
const IMAGENET = values(
  [0.229, 0.224, 0.225].map((std) => 1 / 255 / std),
  [0.485 / 0.229, 0.456 / 0.224, 0.406 / 0.225].map((v) => -v),
);

describe("preprocessingSteps", () => {
  const words = (image: Parameters<typeof preprocessingSteps>[0], preprocess: Preprocess, input: InputValues) =>
    preprocessingSteps(image, { id: "network", preprocess }, input).join(" → ");

  it("says what is cut, how it is resized and how it is normalised", () => {
    expect(words(jpeg, crop, values(1 / 127.5, -1))).toBe(
      "256×256 JPEG → centre crop 224×224 (cuts 23 % of the area) → ×1/127.5 − 1 → network",
    );
    expect(words({ ...jpeg, widthPx: 512, heightPx: 300 }, crop, IMAGENET)).toBe(
      "512×300 JPEG → shorter side to 256 (bicubic, antialiased, shrunk 1.2×) → centre crop 224×224 (cuts 55 % of the area) → " +
        "(x/255 − [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225] → network",
    );
  });

  it("says what is enlarged, out of shape, 16-bit, grey, or in another order", () => {
    const stretch: Preprocess = { ...crop, fit: "stretch", interpolation: "bilinear" };
    const grey = { ...jpeg, widthPx: 64, heightPx: 32, format: "PNG", dtype: "uint16", bands: ["grey"] } as const;
    expect(words(grey, stretch, values(1, [-104, -117, -123], { order: [2, 1, 0] }))).toBe(
      "64×32 PNG (uint16) → bands grey read as red, green, blue → stretched to 224×224 (bilinear, antialiased, enlarged 4.9×, out of shape by 2.00) → " +
        "×255/65535 → channels in the order blue, green, red → − [104, 117, 123] → network",
    );
    expect(words({ ...jpeg, widthPx: 224, heightPx: 224 }, stretch, values(1, 0))).toBe(
      "224×224 JPEG → kept at its size → network",
    );
  });
});

describe("expectedInput and judgeInput", () => {
  const ramp = Float32Array.from({ length: 256 }, (_, i) => 30 + i / 2);
  const findings = (input: InputValues, pixels: Float32Array = ramp, id = "network.onnx") => {
    const expected = expectedInput({ id, preprocess: crop }, input);
    const seen = input.factor.map((factor, k) => pixels.map((value) => value * factor + input.shift[k]));
    const all = seen.flatMap((list) => [...list]).sort((a, b) => a - b);
    const middle = [all[Math.floor(all.length * 0.01)], all[Math.floor(all.length * 0.99)]] as const;
    return judgeInput(expected, input, {
      measures: seen.map((list) => measureValues(list)),
      middle,
      range: () => [0, 255],
    });
  };

  it.each([
    ["values from 0 to 255", values(1, 0)],
    ["values from 0 to 1", values(1 / 255, 0)],
    ["values from −1 to 1", values(1 / 127.5, -1)],
    ["values around 0, from about −128 to 128", values(1, [-103.9, -116.8, -123.7])],
    ["mean about 0 and deviation about 1 in every band", IMAGENET],
    [
      "mean about 0 and deviation about 1 in every band, by the network's own first layer",
      values(0.02, -2.4, { standardized: true }),
    ],
  ])("knows the habit: %s", (words, input) => {
    expect(expectedInput({ id: "network.onnx", preprocess: crop }, input)).toMatchObject({ words, usual: true });
    expect(findings(input)).toEqual([]);
  });

  it.each([
    [
      "ImageNet's mean and deviation without 1/255",
      values(
        IMAGENET.factor.map((f) => f * 255),
        IMAGENET.shift,
      ),
      "1/255",
    ],
    ["scaled twice", values(1 / 255 / 255, 0), "255 times larger"],
    ["scaled to 0–1, then Caffe's mean", values(1 / 255, [-103.9, -116.8, -123.7]), "255 times larger"],
    ["something else", values(3, 40), "Compare --scale"],
  ])("tells a scaling that no network is trained on: %s", (_, input, cure) => {
    const [finding, ...more] = findings(input);
    expect(finding).toContain(cure);
    expect(more).toEqual([]);
  });

  it("tells values from 0 to 1 in front of a network that standardises 0 to 255 itself", () => {
    const [finding] = findings(values(0.02 / 255, -2.4, { standardized: true }));
    expect(finding).toContain("deviation 0.00");
  });

  it("tells images that use next to nothing of the range, and takes rcf's and stats' own scaling as it is", () => {
    const dark = ramp.map((value) => value / 64);
    expect(findings(values(1 / 255, 0), dark)[0]).toContain("98 % of the values");
    expect(findings(values(3, 40), ramp, "stats")).toEqual([]);
    expect(findings(values(0.02, -2), ramp, "rcf")).toEqual([]);
  });
});

const DATA = join(process.env.SIGMAX_DATA ?? "../shared/data", "onnx");
if (!existsSync(DATA)) console.warn(`SKIPPED: ${DATA} is absent: real networks are not tested`);
describe.skipIf(!existsSync(DATA))("networks with a preprocessor configuration", () => {
  it.each([
    [
      "squeezenet11_features.onnx",
      "256×256 JPEG → stretched to 227×227 (bilinear, antialiased, shrunk 1.1×) → channels in the order blue, green, red → − [104, 117, 123] → squeezenet11_features.onnx",
    ],
    [
      "mobilenet_v2_035_224_features.onnx",
      "256×256 JPEG → stretched to 224×224 (bilinear, antialiased, shrunk 1.1×) → ×1/127.5 − 1 → mobilenet_v2_035_224_features.onnx",
    ],
  ])("are told as their description has it: %s", async (name, words) => {
    const backbone = await openOnnxBackbone(join(DATA, name));
    expect(preprocessingSteps(jpeg, backbone, inputValues(readModel(backbone.model))).join(" → ")).toBe(words);
  });
});
