import { describe, expect, it } from "vitest";
import { readModel } from "../../onnx/index.js";
import { graphOf } from "../../onnx/model.js";
import { tensorFrom } from "../../onnx/tensors.js";
import { createRandom } from "../../random.js";
import { toInput } from "../../raster/preprocess.js";
import type { Raster, RasterDType } from "../../raster/raster.js";
import { newSamples } from "../../raster/samples.js";
import { openSession } from "../../runtime/open.js";
import { float32 } from "../../tensor.js";
import type { Backbone } from "../backbone.js";
import { BANKS, FILTERS, LEVELS, openRcf, PATCH_PX, RAMP, SIDE_PX } from "./rcf.js";

interface Look {
  readonly bands: number;
  readonly sidePx: number;
  readonly dtype?: RasterDType;
  readonly highest?: number;
}

/** Smooth waves with noise, different in each image and band. */
function texture(index: number, { bands, sidePx, dtype = "uint8", highest = 255 }: Look): Raster {
  const random = createRandom(index, "texture");
  const data = newSamples(dtype, bands * sidePx * sidePx);
  for (let band = 0, at = 0; band < bands; band++) {
    const [fx, fy] = [random.next(), random.next()];
    for (let y = 0; y < sidePx; y++) {
      for (let x = 0; x < sidePx; x++) {
        data[at++] = highest * (0.5 + 0.3 * Math.sin(fx * x + fy * y) + 0.2 * (random.next() - 0.5));
      }
    }
  }
  return { bands: Array.from({ length: bands }, (_, band) => `band${band}`), widthPx: sidePx, heightPx: sidePx, dtype, data };
}

function open(rasters: readonly Raster[], seed = 1): Promise<Backbone> {
  return openRcf({
    seed,
    async *trainingImages(limit) {
      yield* rasters.slice(0, limit);
    },
  });
}

async function embed({ model, preprocess }: Backbone, raster: Raster): Promise<number[]> {
  const { bands, widthPx, heightPx } = preprocess;
  const shape = [1, bands.length, heightPx, widthPx];
  const data = new Float32Array(bands.length * heightPx * widthPx);
  toInput(raster, preprocess, data, 0);
  const session = await openSession(model, { threads: 1 });
  const { embedding } = await session.run({ image: float32(shape, data) });
  await session.close();
  return [...embedding.data].map(Number);
}

/** The formula of the docstring, pixel by pixel, from the weights in the file. */
function formula({ model, preprocess }: Backbone, raster: Raster, filter: number): number[] {
  const { bands, widthPx: side } = preprocess;
  const constants = new Map(graphOf(readModel(model)).initializer.map((tensor) => [tensor.name, tensorFrom(tensor).data]));
  const pixels = new Float32Array(bands.length * side * side);
  toInput(raster, preprocess, pixels, 0);
  const value = (name: string, at: number) => Number(constants.get(name)![at]);
  const block = (scale: number, band: number, y: number, x: number) => {
    let sum = 0;
    for (let i = 0; i < scale * scale; i++) {
      const [row, column] = [y * scale + Math.floor(i / scale), x * scale + (i % scale)];
      sum += (pixels[(band * side + row) * side + column] - value("mean", band)) * value("factor", band);
    }
    return sum / scale ** 2;
  };
  return BANKS.flatMap(({ scale, stride }) => {
    const responses: number[] = [];
    const last = Math.floor(side / scale) - PATCH_PX;
    for (let y = 0; y <= last; y += stride) {
      for (let x = 0; x <= last; x += stride) {
        let response = value(`bias/${scale}`, filter);
        for (let at = 0; at < bands.length * PATCH_PX ** 2; at++) {
          const [band, dy, dx] = [Math.floor(at / PATCH_PX ** 2), Math.floor(at / PATCH_PX) % PATCH_PX, at % PATCH_PX];
          response += value(`weights/${scale}`, filter * bands.length * PATCH_PX ** 2 + at) * block(scale, band, y + dy, x + dx);
        }
        responses.push(response);
      }
    }
    return LEVELS.map((level) => {
      const above = responses.map((response) => Math.min(Math.max((response - level) / RAMP + 0.5, 0), 1));
      return above.reduce((sum, part) => sum + part, 0) / above.length;
    });
  });
}

describe.each([
  { bands: 1, sidePx: 64 },
  { bands: 3, sidePx: 64 },
  { bands: 4, sidePx: 64, dtype: "uint16", highest: 9000 },
  { bands: 7, sidePx: 48, dtype: "float32", highest: 0.4 },
] as const)("images of %j", (look) => {
  const images = Array.from({ length: 6 }, (_, index) => texture(index, look));

  it("give embeddings that differ between images, all between 0 and 1", async () => {
    const backbone = await open(images);
    expect(backbone.preprocess).toMatchObject({ widthPx: SIDE_PX, heightPx: SIDE_PX, bands: images[0].bands });
    expect(backbone.embeddingSize).toBe(BANKS.length * LEVELS.length * FILTERS);
    const [a, b] = [await embed(backbone, images[0]), await embed(backbone, images[1])];
    expect(a).toHaveLength(backbone.embeddingSize);
    expect(a.every((value) => value >= 0 && value <= 1)).toBe(true);
    expect(a.filter((value, d) => Math.abs(value - b[d]) > 0.02).length).toBeGreaterThan(a.length / 4);
  });

  it("give embeddings that follow the formula", async () => {
    const backbone = await open(images);
    const embedding = await embed(backbone, images[2]);
    for (const filter of [0, FILTERS - 1]) {
      formula(backbone, images[2], filter).forEach((value, i) => {
        expect(Math.abs(embedding[i * FILTERS + filter] - value)).toBeLessThan(1e-4);
      });
    }
  });
});

describe("the seed", () => {
  const images = [0, 1, 2].map((index) => texture(index, { bands: 3, sidePx: 64 }));

  it("gives the same bytes twice", async () => {
    expect((await open(images, 5)).model).toEqual((await open(images, 5)).model);
  });

  it("gives other filters when it is another", async () => {
    expect((await open(images, 5)).sha256).not.toBe((await open(images, 6)).sha256);
  });
});

const flat = (value: number, sidePx: number): Raster => ({
  bands: ["red", "green", "blue"],
  widthPx: sidePx,
  heightPx: sidePx,
  dtype: "float32",
  data: new Float32Array(3 * sidePx * sidePx).fill(value),
});

describe.each([
  ["one image", [texture(0, { bands: 3, sidePx: 64 })]],
  ["one image of one pixel", [flat(7, 1)]],
  ["constant images", [flat(0, 64), flat(0, 64)]],
  ["constant images on a high level", [flat(60000.25, 64)]],
  ["images of different constants", [flat(10, 64), flat(200, 64)]],
  ["images without a single number", [flat(Number.NaN, 64)]],
])("%s", (_, images) => {
  it("still make filters that tell images apart", async () => {
    const backbone = await open(images);
    const { bands } = backbone.preprocess;
    const probes = [0, 1].map((index) => ({ ...texture(index, { bands: 3, sidePx: 64 }), bands }));
    const [a, b] = [await embed(backbone, probes[0]), await embed(backbone, probes[1])];
    expect(a.every(Number.isFinite)).toBe(true);
    expect(a.some((value, d) => Math.abs(value - b[d]) > 1e-3)).toBe(true);
  });
});

it("says so when there is no training image", async () => {
  await expect(open([])).rejects.toMatchObject({ code: "bad-data" });
});
