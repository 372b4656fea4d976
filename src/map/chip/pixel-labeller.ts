import type { PixelWindow } from "../../raster/resample.js";
import type { Labeller } from "./labeller.js";

/** Adds what a pixel is to the counts of the classes; says whether anybody knows. */
export type CountPixel = (pixel: number, counts: Float64Array) => boolean;

export interface PixelLabellerOptions extends Pick<Labeller, "kind" | "source" | "classes" | "unlisted" | "close"> {
  /** Looks at a part of the scene; pixels are counted row by row from its upper left corner. */
  readonly classify: (part: Parameters<Labeller["look"]>[0]) => Promise<CountPixel>;
}

/** Labels where every pixel of a scene is known to be of a class, or not: shares are counts of pixels. */
export function pixelLabeller({ classify, ...labeller }: PixelLabellerOptions): Labeller {
  let seen: { readonly window: PixelWindow; readonly count: CountPixel } | undefined;
  return {
    ...labeller,
    async look(part) {
      seen = { window: part.window, count: await classify(part) };
    },
    shares(chip) {
      if (seen === undefined) throw new RangeError("the labeller has not looked at this part of the scene");
      const { window, count } = seen;
      const counts = new Float64Array(labeller.classes.length);
      let unseen = 0;
      for (let y = 0; y < chip.heightPx; y++) {
        const start = (chip.topPx - window.topPx + y) * window.widthPx + chip.leftPx - window.leftPx;
        for (let pixel = start; pixel < start + chip.widthPx; pixel++) if (!count(pixel, counts)) unseen++;
      }
      const pixels = chip.widthPx * chip.heightPx;
      return { ofClasses: counts.map((number) => number / pixels), unseen: unseen / pixels };
    },
  };
}
