import { count, fixed } from "../report/format.js";
import { type Html, html, name } from "../report/html.js";
import { labelList, picture } from "../report/image-card.js";
import type { EmbeddedRun } from "../report/run/embedded.js";
import type { CellPlace, GalleryImage } from "./report-data.js";

/** Images that a gallery shows at once. */
export const GALLERY_PAGE = 60;

/** What the title of a gallery says of a cell. */
const TITLES: Readonly<Record<string, (row: Html, column: Html) => Html>> = {
  pair: (row, column) => html`${row}, taken for ${column}`,
  tp: (row) => html`${row}: there and given`,
  fn: (row) => html`${row}: there and missed`,
  fp: (row) => html`${row}: given and not there`,
  tn: (row) => html`${row}: rightly left out`,
  together: (row, column) => html`Has ${row}, was given ${column}`,
};

/** What a cell stands for, in words. */
export function galleryTitle({ kind, row, column }: CellPlace, classes: readonly string[]): Html {
  return TITLES[kind](name(classes[row]), name(classes[column]));
}

/** Images of a cell, those with a thumbnail first; the names of the others follow. */
export function galleryView(
  images: readonly GalleryImage[],
  { files, classes }: Pick<EmbeddedRun, "files" | "classes">,
  thumbnailOf: (row: number) => string | undefined,
  limit: number,
): Html {
  if (images.length === 0) return html`<p>No image.</p>`;
  const seen = images.filter(({ row }) => thumbnailOf(row) !== undefined);
  const unseen = images.filter(({ row }) => thumbnailOf(row) === undefined);
  const names = (indices: readonly number[]) => labelList(indices.map((k) => classes[k]));
  const tiles = seen
    .slice(0, limit)
    .map(
      ({ row, truth, decided, probability }) =>
        html`<li data-image="${row}"><div class="tile">${picture(thumbnailOf(row), `Test image ${files[row]}`)}</div><div class="file">${name(files[row])}</div><div>is <span class="truth-text">${names(truth)}</span></div><div>decided ${names(decided)}</div><div class="quiet">probability ${fixed(probability, 2)}</div></li>`,
    );
  const rest = unseen.slice(0, Math.max(0, limit - seen.length));
  const hidden = images.length - tiles.length - rest.length;
  return html`${tiles.length > 0 && html`<ul class="tiles small-tiles">${tiles}</ul>`}
${rest.length > 0 && html`<p class="quiet">Without a preview in this page:</p><ul>${rest.map(({ row, probability }) => html`<li data-image="${row}">${name(files[row])} <span class="quiet">${fixed(probability, 2)}</span></li>`)}</ul>`}
${hidden > 0 && html`<p><button type="button" data-more>Show ${count(Math.min(hidden, GALLERY_PAGE))} more of ${count(hidden)}</button></p>`}`;
}
