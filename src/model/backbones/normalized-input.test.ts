import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { GraphBuilder, readModel, writeModel } from "../../onnx/index.js";
import { inputValues } from "../../onnx/input-values.js";
import type { Raster } from "../../raster/raster.js";
import { openSession } from "../../runtime/open.js";
import { float32 } from "../../tensor.js";
import type { Backbone, BackboneContext } from "../backbone.js";
import { openBackbone } from "../backbones.js";
import { preprocessingSteps } from "../chain.js";
import { expectedInput } from "../expected-input.js";
import { checkNormalization } from "../input-normalization.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-normalized-input-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SIDE = 8;
const DESCRIPTION = { size: SIDE, resample: 2 };
/** Networks as they are published, by what they take. */
const TAKES = {
  bytes: { ...DESCRIPTION, do_rescale: false, do_normalize: false },
  both: { ...DESCRIPTION, do_normalize: true, image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] },
  standard: { ...DESCRIPTION, do_normalize: true, image_mean: [0.485, 0.456, 0.406], image_std: [0.229, 0.224, 0.225] },
  odd: { ...DESCRIPTION, rescale_factor: 0.000_01, do_normalize: false },
} as const;

/** A network whose embedding is the mean of each channel: what it is given. */
function network(name: string, description?: object, channels = 3): string {
  const graph = new GraphBuilder();
  const image = graph.input("pixels", "float32", ["N", channels, SIDE, SIDE]);
  graph.output(graph.op("Flatten", [graph.op("GlobalAveragePool", [image])], {}, "means"));
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, writeModel(graph.build()));
  if (description) writeFileSync(join(folder, `${name}.json`), JSON.stringify(description));
  return path;
}

/** 16-bit images whose band b holds 1000·(b + 1) + 0, 1, … 100 as often, and a pixel of 60 000 that was not measured. */
function context(bands: readonly string[] = ["red", "green", "blue"]): BackboneContext {
  const px = 102;
  const data = Uint16Array.from({ length: bands.length * px }, (_, i) => {
    return i % px === px - 1 ? 60_000 : 1000 * (Math.floor(i / px) + 1) + (i % px);
  });
  const valid = new Uint8Array(px).fill(1);
  valid[px - 1] = 0;
  const raster: Raster = { bands, widthPx: px, heightPx: 1, dtype: "uint16", data, valid };
  return {
    seed: 1,
    bands,
    async *trainingImages() {
      yield raster;
      yield raster;
    },
  };
}

/** What the network is given of a chip that is `values[b]` all over band b. */
async function given({ model }: Backbone, values: readonly number[]): Promise<number[]> {
  const session = await openSession(model, { threads: 1 });
  const pixels = values.flatMap((value) => new Array<number>(SIDE * SIDE).fill(value));
  const { embedding } = await session.run({ image: float32([1, values.length, SIDE, SIDE], pixels) });
  await session.close();
  return Array.from(embedding.data, Number);
}

const MEAN = [1050, 2050, 3050];
const DEVIATION = Math.sqrt((101 ** 2 - 1) / 12);

function expectNear(found: readonly number[], wanted: readonly number[]): void {
  expect(found).toHaveLength(wanted.length);
  found.forEach((value, k) => {
    expect(Math.abs(value - wanted[k]), `${found} against ${wanted}`).toBeLessThan(1e-3 * Math.max(1, Math.abs(wanted[k])));
  });
}

describe("stretch", () => {
  it.each([
    ["both", [-1, -1, -1], [1, 1, 1]],
    ["standard", [-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225], [0.515 / 0.229, 0.544 / 0.224, 0.594 / 0.225]],
  ] as const)(
    "gives a network of %s its whole range for the 2nd to the 98th percentile, and nothing beyond",
    async (name, low, high) => {
      const backbone = await openBackbone(network(`stretch-${name}`, TAKES[name]), context(), { normalize: "stretch" });
      expect(backbone.normalize).toEqual({ method: "stretch", low: [1002, 2002, 3002], high: [1098, 2098, 3098] });
      expect(backbone.preprocess.range).toEqual([0, 65_535]);
      expectNear(await given(backbone, [1002, 2002, 3002]), low);
      expectNear(await given(backbone, [1098, 2098, 3098]), high);
      expectNear(
        await given(backbone, [1050, 2050, 3050]),
        low.map((from, k) => (from + high[k]) / 2),
      );
      expectNear(await given(backbone, [0, 0, 0]), low);
      expectNear(await given(backbone, [60_000, 60_000, 60_000]), high);
    },
  );

  it("keeps to the bands where the network wants its channels reversed", async () => {
    const path = network("stretch-reversed", { ...TAKES.bytes, do_flip_channel_order: true });
    const backbone = await openBackbone(path, context(), { normalize: "stretch" });
    expectNear(await given(backbone, [1002, 2050, 3098]), [255, 127.5, 0]);
    const values = inputValues(readModel(backbone.model));
    expect(values.order).toEqual([2, 1, 0]);
    expect(expectedInput(backbone, values)).toMatchObject({ words: "values from 0 to 255", usual: true });
    const image = { widthPx: SIDE, heightPx: SIDE, dtype: "uint16", format: "PNG", bands: ["red", "green", "blue"] } as const;
    expect(preprocessingSteps(image, backbone, values)).toContain("each band cut off at its 2 and 98 % in the training images");
  });

  it("is refused where nobody knows what the network takes", async () => {
    await expect(openBackbone(network("odd", TAKES.odd), context(), { normalize: "stretch" })).rejects.toMatchObject({
      code: "usage",
      message: expect.stringContaining("not a usual one"),
      hint: expect.stringContaining("--normalize standardize"),
    });
  });
});

describe("standardize", () => {
  it.each(["standard", "odd"] as const)("gives a network of the kind %s mean 0 and deviation 1", async (name) => {
    const backbone = await openBackbone(network(`standardize-${name}`, TAKES[name]), context(), { normalize: "standardize" });
    expect(backbone.normalize).toMatchObject({ method: "standardize", mean: MEAN });
    expectNear(await given(backbone, MEAN), [0, 0, 0]);
    expectNear(
      await given(
        backbone,
        MEAN.map((mean, k) => mean + (k - 3) * DEVIATION),
      ),
      [-3, -2, -1],
    );
    expect(expectedInput(backbone, inputValues(readModel(backbone.model)))).toMatchObject({ standard: true, usual: true });
  });

  it("needs no description but the size, and serves networks of more bands than three", async () => {
    const bands = ["nir", "red", "green", "swir1"];
    const path = network("four", undefined, 4);
    const backbone = await openBackbone(path, context(bands), { sizePx: SIDE, normalize: "standardize" });
    expect(backbone.preprocess).toMatchObject({ bands, range: [0, 65_535] });
    expectNear(await given(backbone, [...MEAN, 4050 + DEVIATION]), [0, 0, 0, 1]);
    await expect(openBackbone(path, context(bands), { sizePx: SIDE, normalize: "stretch" })).rejects.toThrow("nothing says");
  });

  it("is refused for a network that takes a range, or that standardises for itself: both can be given a stretch", async () => {
    const hint = expect.stringContaining("--normalize stretch");
    const path = network("refused", TAKES.both);
    await expect(openBackbone(path, context(), { normalize: "standardize" })).rejects.toMatchObject({ code: "usage", hint });
    const expected = { words: "mean 0", range: [-3, 3], standard: true, usual: true } as const;
    const check = () => checkNormalization("standardize", { file: "net.onnx", expected, ownFirstLayer: true });
    expect(check).toThrow("its own first layer standardises");
    expect(() => checkNormalization("stretch", { file: "net.onnx", expected, ownFirstLayer: true })).not.toThrow();
  });

  it("is refused beside a scaling by hand", async () => {
    const by = { sizePx: SIDE, scale: 1, mean: [0, 0, 0], std: [1, 1, 1], normalize: "standardize" } as const;
    await expect(openBackbone(network("by-hand"), context(), by)).rejects.toMatchObject({ code: "usage" });
  });
});

it("gives the bytes of before where it is not asked for", async () => {
  const path = network("none", TAKES.standard);
  const [plain, none] = [await openBackbone(path, context()), await openBackbone(path, context(), { normalize: "none" })];
  expect(none.sha256).toBe(plain.sha256);
  expect(none.normalize).toBeUndefined();
  expect(none.preprocess.range).toEqual([0, 255]);
});

it("is refused for backbones that are made of the images", async () => {
  for (const name of ["rcf", "stats"]) {
    await expect(openBackbone(name, context(), { normalize: "stretch" })).rejects.toMatchObject({ code: "usage" });
  }
});

it("says which band no training image has a value of", async () => {
  const nothing: BackboneContext = {
    seed: 1,
    async *trainingImages() {
      const data = new Float32Array(48).fill(1).fill(Number.NaN, 16, 32);
      yield { bands: ["red", "green", "blue"], widthPx: 4, heightPx: 4, dtype: "float32", data, valid: new Uint8Array(16) };
    },
  };
  await expect(openBackbone(network("nothing", TAKES.bytes), nothing, { normalize: "stretch" })).rejects.toMatchObject({
    code: "bad-data",
    message: expect.stringContaining("red"),
  });
});
