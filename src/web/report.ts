import { count, fixed, perCent, plural } from "../report/format.js";
import type { EmbeddedRun } from "../report/run/embedded.js";
import { type Answer, answeredFrom } from "../report/run/thresholds.js";
import { mountContents, mountCopying, mountPrinting } from "./page-parts.js";
import { mountGrid, placeOf } from "./report-cells.js";
import { type CellPlace, readPredictions } from "./report-data.js";
import { GALLERY_PAGE, galleryTitle, galleryView } from "./report-gallery.js";
import { mountThresholds } from "./report-thresholds.js";

/** Mounts all that moves in the report of a run. Without it the page is whole, and still. */
function mount(): void {
  document.documentElement.classList.add("scripted");
  mountPage();
  const element = document.querySelector("#run-data");
  if (element !== null) mountRun(JSON.parse(element.textContent ?? ""));
}

function mountRun(run: EmbeddedRun): void {
  const predictions = readPredictions(run);
  const nameOf = (place: CellPlace) => textOf(galleryTitle(place, run.classes).markup);
  const cellAt = (kind: string, k: number) => document.querySelector<HTMLElement>(`[data-cell="${kind}:${k}:0"]`);
  const table = document.querySelector<HTMLTableElement>("table.thresholds");
  const thresholds =
    table !== null && predictions.outcomes !== undefined
      ? mountThresholds(table, run, predictions.outcomes, (k, outcomes) => {
          for (const [kind, value] of Object.entries(outcomes)) {
            const cell = cellAt(kind, k);
            if (cell === null) continue;
            cell.textContent = count(value);
            cell.setAttribute("aria-label", `${nameOf({ kind, row: k, column: 0 })}: ${count(value)}`);
          }
        })
      : () => run.thresholds ?? [];
  const open = openGallery(run, (place) => predictions.imagesOf(place, thresholds()));
  for (const grid of document.querySelectorAll<HTMLTableElement>("table:has([data-cell])"))
    mountGrid(grid, nameOf, (cell) => open(placeOf(cell)));
  if (predictions.answers !== undefined) mountAbstention(predictions.answers);
}

/** The dialog that shows the images of a cell. */
function openGallery(
  run: EmbeddedRun,
  imagesOf: (place: CellPlace) => ReturnType<ReturnType<typeof readPredictions>["imagesOf"]>,
) {
  const dialog = document.createElement("dialog");
  dialog.setAttribute("aria-labelledby", "gallery-title");
  document.body.append(dialog);
  const thumbnailOf = (row: number) =>
    run.thumbnails[row] ?? document.querySelector<HTMLImageElement>(`img[data-row="${row}"]`)?.src;
  dialog.addEventListener("click", ({ target }) => {
    if (target === dialog || (target instanceof Element && target.closest("[data-close]"))) dialog.close();
  });
  return (place: CellPlace) => {
    const images = imagesOf(place);
    const show = (limit: number) => {
      dialog.innerHTML = `<div class="head"><h2 id="gallery-title">${galleryTitle(place, run.classes).markup} <span class="quiet">${plural(images.length, "image")}</span></h2><button type="button" data-close>Close</button></div><div class="inside">${galleryView(images, run, thumbnailOf, limit).markup}</div>`;
      dialog.querySelector("[data-more]")?.addEventListener("click", () => show(limit + GALLERY_PAGE));
    };
    show(GALLERY_PAGE);
    dialog.showModal();
    dialog.scrollTop = 0;
  };
}

/** The slider of how sure the classifier must be. */
function mountAbstention(answers: readonly Answer[]): void {
  const slider = document.querySelector<HTMLInputElement>("#abstain");
  if (slider === null) return;
  const put = (part: string, text: string) => {
    document.querySelector(`[data-abstain="${part}"]`)!.textContent = text;
  };
  const draw = () => {
    const { answered, accuracy } = answeredFrom(answers, slider.valueAsNumber);
    put("at", fixed(slider.valueAsNumber));
    put("answered", perCent(answered));
    put("accuracy", perCent(accuracy));
  };
  slider.addEventListener("input", draw);
  draw();
}

/** What needs no predictions: toggles, copying, curves that come forward, and the place in the contents. */
function mountPage(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-shares]"))
    button.addEventListener("click", () => toggle(button, button.closest("section")!, "shares"));
  for (const button of document.querySelectorAll<HTMLButtonElement>("[data-cams]")) {
    button.addEventListener("click", () => {
      const hidden = document.body.classList.toggle("no-cams");
      for (const other of document.querySelectorAll<HTMLButtonElement>("[data-cams]")) {
        other.setAttribute("aria-pressed", String(!hidden));
        other.textContent = hidden ? "Show what the network looked at" : "Hide what the network looked at";
      }
    });
  }
  mountCopying();
  mountCurves();
  mountContents();
  mountPrinting();
}

function toggle(button: HTMLButtonElement, place: Element, className: string): void {
  button.setAttribute("aria-pressed", String(place.classList.toggle(className)));
}

function mountCurves(): void {
  const place = document.querySelector(".curves");
  if (place === null) return;
  let kept: string | undefined;
  const bring = (label: string | undefined) => {
    place.classList.toggle("picking", label !== undefined);
    for (const group of place.querySelectorAll<SVGGElement>("[data-curve]"))
      group.classList.toggle("chosen", label !== undefined && group.dataset.curve === label);
  };
  for (const button of place.querySelectorAll<HTMLButtonElement>("[data-pick]")) {
    const label = button.dataset.pick;
    button.addEventListener("pointerenter", () => bring(label));
    button.addEventListener("pointerleave", () => bring(kept));
    button.addEventListener("focus", () => bring(label));
    button.addEventListener("blur", () => bring(kept));
    button.addEventListener("click", () => {
      kept = kept === label ? undefined : label;
      for (const other of place.querySelectorAll<HTMLElement>("[data-pick]"))
        other.setAttribute("aria-pressed", String(other.dataset.pick === kept));
      bring(kept ?? label);
    });
  }
}

function textOf(markup: string): string {
  const element = document.createElement("template");
  element.innerHTML = markup;
  return element.content.textContent ?? "";
}

mount();
