import type { Html } from "../html.js";
import { FIGURE_STYLE, PALETTE } from "../style.js";

/** A figure of `plots/` as an SVG file of its own, with its colours (light and dark) and its background. */
export function figureFile(figure: Html): string {
  const style = `<style>${PALETTE}\nsvg { background: var(--paper); }\n${FIGURE_STYLE}</style>`;
  return `${figure.markup.replace(/^<svg ([^>]*)>/, `<svg xmlns="http://www.w3.org/2000/svg" $1>\n${style}\n`)}\n`;
}
