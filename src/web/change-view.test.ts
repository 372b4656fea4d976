import { describe, expect, it } from "vitest";
import { movedView, scaleOf, viewAround, wholeView, zoomedView } from "./change-view.js";

const SIZE = { columns: 200, rows: 100 };
const WHOLE = wholeView(SIZE);

describe("the view of a map", () => {
  it("zooms with the point under the pointer at rest", () => {
    const view = zoomedView(WHOLE, SIZE, 2, [0.25, 0.5]);
    expect(view).toEqual({ left: 25, top: 25, wide: 100, high: 50 });
    expect(view.left + 0.25 * view.wide).toBe(50);
    expect(scaleOf(view, SIZE)).toBe(2);
  });

  it("never leaves the map, is never smaller than it, and never larger than cells can be seen", () => {
    expect(zoomedView(WHOLE, SIZE, 0.1, [0.9, 0.9])).toEqual(WHOLE);
    expect(movedView(WHOLE, SIZE, 3, -2)).toEqual(WHOLE);
    const close = zoomedView(WHOLE, SIZE, 1e6, [1, 1]);
    expect(close.high).toBeCloseTo(6, 9);
    expect([close.left + close.wide, close.top + close.high].map(Math.round)).toEqual([200, 100]);
    expect(movedView(close, SIZE, 1, 1)).toEqual(close);
    expect(movedView(close, SIZE, -1, 0).left).toBeCloseTo(close.left - close.wide, 9);
  });

  it("puts a place into its middle with room around it, as far as the edge lets it", () => {
    const view = viewAround([90, 40, 110, 60], SIZE);
    expect([view.left + view.wide / 2, view.top + view.high / 2]).toEqual([100, 50]);
    expect([view.wide, view.high]).toEqual([80, 40]);
    expect(viewAround([0, 0, 1, 1], SIZE)).toEqual({ left: 0, top: 0, wide: 32, high: 16 });
    expect(viewAround([0, 0, 200, 100], SIZE)).toEqual(WHOLE);
  });

  it("is the whole of a map that is smaller than it may be enlarged to", () => {
    const tiny = { columns: 3, rows: 2 };
    expect(zoomedView(wholeView(tiny), tiny, 9, [0, 0])).toEqual(wholeView(tiny));
    expect(viewAround([0, 0, 1, 1], tiny)).toEqual(wholeView(tiny));
  });
});
