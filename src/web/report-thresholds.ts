import { fixed } from "../report/format.js";
import type { EmbeddedRun } from "../report/run/embedded.js";
import { LIVE_SCORES, liveScores, type Outcomes } from "../report/run/thresholds.js";
import type { PagePredictions } from "./report-data.js";

/** Thresholds as they are pasted elsewhere: JSON by the name of the label. */
export function thresholdsJson(classes: readonly string[], thresholds: readonly number[]): string {
  // fromEntries makes an own property of "__proto__" as of any other name.
  return JSON.stringify(Object.fromEntries(classes.map((label, k) => [label, Number(thresholds[k].toFixed(6))])));
}

/**
 * Mounts the table of thresholds: scores follow the sliders.
 *
 * @param changed told of every label whose outcomes are new
 * @returns the thresholds as they stand, to be read at any time
 */
export function mountThresholds(
  table: HTMLTableElement,
  { classes, thresholds = [] }: EmbeddedRun,
  outcomes: NonNullable<PagePredictions["outcomes"]>,
  changed: (k: number, outcomes: Outcomes) => void,
): () => readonly number[] {
  let current = thresholds;
  const rows = Array.from(table.querySelectorAll<HTMLElement>("tr[data-label]"));
  const shippedScores = rows.map((_, k) => liveScores(outcomes(k, thresholds[k])));
  const scores = [...shippedScores];
  const put = (place: HTMLElement, value: number, shipped: number) => {
    place.textContent = fixed(value);
    place.classList.toggle("up", fixed(value) !== fixed(shipped) && value > shipped);
    place.classList.toggle("down", fixed(value) !== fixed(shipped) && value < shipped);
  };
  const draw = (k: number) => {
    const found = outcomes(k, current[k]);
    scores[k] = liveScores(found);
    rows[k].querySelector("[data-value]")!.textContent = fixed(current[k]);
    for (const key of LIVE_SCORES) put(rows[k].querySelector(`[data-score="${key}"]`)!, scores[k][key], shippedScores[k][key]);
    changed(k, found);
  };
  const mean = (list: readonly ReturnType<typeof liveScores>[], key: (typeof LIVE_SCORES)[number]) =>
    list.reduce((sum, score) => sum + score[key], 0) / list.length;
  const summarise = () => {
    for (const key of LIVE_SCORES) put(table.querySelector(`[data-mean="${key}"]`)!, mean(scores, key), mean(shippedScores, key));
    document.querySelector("#chosen-thresholds")!.textContent = thresholdsJson(classes, current);
  };
  const setAll = (next: readonly number[]) => {
    current = next;
    for (const [k, row] of rows.entries()) {
      row.querySelector("input")!.valueAsNumber = current[k];
      draw(k);
    }
    summarise();
  };
  table.addEventListener("input", ({ target }) => {
    if (!(target instanceof HTMLInputElement) || target.dataset.threshold === undefined) return;
    const k = Number(target.dataset.threshold);
    current = current.with(k, target.valueAsNumber);
    draw(k);
    summarise();
  });
  const presets: Readonly<Record<string, readonly number[]>> = { tuned: thresholds, half: thresholds.map(() => 0.5) };
  for (const button of document.querySelectorAll<HTMLElement>("[data-set]"))
    button.addEventListener("click", () => setAll(presets[button.dataset.set ?? ""]));
  summarise();
  return () => current;
}
