import { describe, expect, it } from "vitest";
import { SCHEDULES } from "./schedules.js";

describe("one-cycle", () => {
  it.each([
    [0.1, 10],
    [0.2, 5],
    [0.25, 4],
    [0.5, 2],
    [1, 1],
  ])("begins at its peak where a climb of %d of %i steps is a single one", (climb, steps) => {
    for (const threePhases of [false, true]) {
      const schedule = SCHEDULES["one-cycle"](0, { peak: 1, steps, climb, threePhases });
      expect(schedule(0)).toEqual({ learningRate: 1, momentum: 0.85 });
      for (let step = 1; step < steps; step++) expect(schedule(step).learningRate).toBeLessThan(1);
    }
  });

  it("is never beyond its ends, whatever part of the steps climbs", () => {
    for (const threePhases of [false, true]) {
      for (const climb of [0, 0.01, 0.05, 0.1, 0.3, 1 / 3, 0.5]) {
        for (let steps = 1; steps <= 40; steps++) {
          const schedule = SCHEDULES["one-cycle"](0, { peak: 1, steps, climb, threePhases });
          for (let step = 0; step <= steps; step++) {
            const { learningRate, momentum } = schedule(step);
            const about = `step ${step} of ${steps}, climb ${climb}`;
            expect(learningRate, about).toBeGreaterThan(0);
            expect(learningRate, about).toBeLessThanOrEqual(1);
            expect(momentum, about).toBeGreaterThanOrEqual(0.85 - 1e-12);
            expect(momentum, about).toBeLessThanOrEqual(0.95 + 1e-12);
          }
        }
      }
    }
  });
});
