import { workerData } from "node:worker_threads";
import type { PixelWindow } from "../../raster/resample.js";
import { serveThread } from "../../thread.js";
import { type CrewData, type PaintedDate, painter } from "./crew.js";

await serveThread<PixelWindow, PaintedDate[]>(async () => {
  // workerData is untyped by Node; crew.ts is the only one that starts this file.
  const paint = painter(workerData as CrewData);
  return async (window) => {
    const result = paint(window);
    const arrays = result.flatMap(({ scene, classes, clouds }) => [scene, classes, ...(clouds === undefined ? [] : [clouds])]);
    // Made for this window; none is shared.
    return { result, transfer: arrays.map((array) => array.buffer as ArrayBuffer) };
  };
});
