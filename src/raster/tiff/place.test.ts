import { expect, it } from "vitest";
import { createRandom } from "../../random.js";
import type { RasterDType } from "../raster.js";
import { newSamples } from "../samples.js";
import { placeBlock } from "./place.js";

const DTYPES: readonly RasterDType[] = ["uint8", "int16", "uint16", "float32", "float64"];

it.each(DTYPES)("puts the part of a block where it belongs, sample by sample, wherever the part begins: %s", (dtype) => {
  const random = createRandom(5, dtype);
  for (let round = 0; round < 60; round++) {
    const samples = 1 + random.int(5);
    const block = {
      leftPx: random.int(9),
      topPx: random.int(9),
      widthPx: 1 + random.int(12),
      heightPx: 1 + random.int(9),
      samples,
    };
    const data = newSamples(dtype, block.widthPx * block.heightPx * samples).map((_, i) => i + 1) as ReturnType<
      typeof newSamples
    >;
    const leftPx = block.leftPx + random.int(block.widthPx);
    const topPx = block.topPx + random.int(block.heightPx);
    const widthPx = 1 + random.int(block.leftPx + block.widthPx - leftPx);
    const heightPx = 1 + random.int(block.topPx + block.heightPx - topPx);
    const part = { leftPx, topPx, widthPx, heightPx };
    const window = { leftPx: leftPx - random.int(3), topPx: topPx - random.int(3), widthPx: 0, heightPx: 0 };
    window.widthPx = leftPx + widthPx - window.leftPx + random.int(3);
    window.heightPx = topPx + heightPx - window.topPx + random.int(3);
    const pixels = window.widthPx * window.heightPx;
    // Memory that begins somewhere, as that of a caller may.
    const whole = newSamples(dtype, samples * pixels + 3);
    const target = whole.subarray(random.int(4)) as typeof whole;
    const planes = Array.from({ length: samples }, (_, sample) => ({ sample, data: target, start: sample * pixels, window }));
    placeBlock({ ...block, data }, part, planes);

    const expected = newSamples(dtype, target.length);
    for (let sample = 0; sample < samples; sample++) {
      for (let y = topPx; y < topPx + heightPx; y++) {
        for (let x = leftPx; x < leftPx + widthPx; x++) {
          const to = sample * pixels + (y - window.topPx) * window.widthPx + x - window.leftPx;
          expected[to] = data[((y - block.topPx) * block.widthPx + x - block.leftPx) * samples + sample];
        }
      }
    }
    expect(target).toEqual(expected);
  }
});

it("puts samples of 16 bits beyond the 2^31st where they belong", () => {
  // The largest window there may be, of which the system gives only what is written to.
  const data = new Uint16Array(2 ** 31);
  const window = { leftPx: 0, topPx: 0, widthPx: 2 ** 16, heightPx: 2 ** 15 };
  const [leftPx, topPx] = [window.widthPx - 6, window.heightPx - 1];
  const block = { data: Uint16Array.of(1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0), leftPx, topPx, widthPx: 6, samples: 2 };
  placeBlock(block, { leftPx, topPx, widthPx: 6, heightPx: 1 }, [{ sample: 0, data, start: 0, window }]);
  expect([...data.subarray(-7)]).toEqual([0, 1, 2, 3, 4, 5, 6]);
});
