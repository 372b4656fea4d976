import type { Head } from "../task.js";
import type { ComparedImage, ImageOutput } from "./compare-data.js";
import { fixed, plural } from "./format.js";
import { type Html, html, name } from "./html.js";
import { bar } from "./plots/bars.js";

/** Classes shown at most; the others are counted. */
const MAX_ROWS = 9;

const TRUE_MARK = html` <span role="img" aria-label="is true">✓</span>`;

/**
 * A picture from a data URI, or a box that says there is none; `row` marks it for the scripts of the page.
 *
 * @throws RangeError if it is anything but an inline image
 */
export function picture(thumbnail: string | undefined, alt: string, row?: number): Html {
  if (thumbnail === undefined) return html`<div class="no-image">no preview</div>`;
  if (!/^data:image\/(png|jpeg|webp);base64,[\w+/=]+$/.test(thumbnail))
    throw new RangeError(`${alt}: the thumbnail is not an inline image`);
  return html`<img${row !== undefined && html` data-row="${row}"`} src="${thumbnail}" alt="${alt}" decoding="async">`;
}

/** Names joined by commas; a dash-like word where there are none. */
export function labelList(labels: readonly string[], none = "no label"): Html {
  if (labels.length === 0) return html`<i>${none}</i>`;
  return html`${labels.map((label, i) => html`${i > 0 && ", "}${name(label)}`)}`;
}

/** One image with its logits and probabilities through both heads. */
export function imageCard(image: ComparedImage, classes: readonly string[]): Html {
  const { file, labels, thumbnail, heads } = image;
  const strength = (k: number) =>
    (labels[k] === 1 ? 2 : 0) + Math.max(heads.softmax.probabilities[k], heads.sigmoid.probabilities[k]);
  const order = [...classes.keys()].sort((a, b) => strength(b) - strength(a));
  const shown = order.slice(0, MAX_ROWS).sort((a, b) => a - b);
  const hidden = order.slice(MAX_ROWS);
  const truth = classes.filter((_, k) => labels[k] === 1);
  const unknown = labels.filter((label) => label === -1).length;
  return html`<article class="card image-card">
<div class="picture">${picture(thumbnail, `Test image ${file}`)}
<div>${name(file)}</div><div>true: <span class="truth-text">${labelList(truth)}</span>${unknown > 0 && `, ${unknown} unknown`}</div></div>
<div class="scroll"><table>
<thead><tr><th scope="col">class</th><th scope="col">logit</th><th scope="col" colspan="2"><span class="softmax-text">softmax</span></th>
<th scope="col">logit</th><th scope="col" colspan="2"><span class="sigmoid-text">sigmoid</span></th></tr></thead>
<tbody>${shown.map(
    (k) =>
      html`<tr class="${labels[k] === 1 && "true"}"><th scope="row">${name(classes[k])}${labels[k] === 1 && TRUE_MARK}</th>${cells("softmax", heads.softmax, k)}${cells("sigmoid", heads.sigmoid, k)}</tr>`,
  )}</tbody>
<tfoot><tr><th scope="row">sum</th>${sumCells(heads.softmax)}${sumCells(heads.sigmoid)}</tr>
<tr><th scope="row">decides</th>${decidedCells(heads.softmax, classes)}${decidedCells(heads.sigmoid, classes)}</tr></tfoot></table>
${hidden.length > 0 && html`<p class="quiet">${plural(hidden.length, "more class", "more classes")}, none above ${fixed(strength(hidden[0]), 3)}.</p>`}
${playButton("softmax", image, classes)} ${playButton("sigmoid", image, classes)}</div>
</article>`;
}

function cells(head: Head, { logits, probabilities, decided }: ImageOutput, k: number): Html {
  const digits = fixed(probabilities[k]);
  return html`<td class="quiet">${fixed(logits[k], 2)}</td><td class="wide">${bar(probabilities[k], head)}</td><td>${decided[k] ? html`<b>${digits}</b>` : digits}</td>`;
}

function sumCells({ probabilities }: ImageOutput): Html {
  return html`<td></td><td></td><td>${fixed(probabilities.reduce((sum, p) => sum + p, 0))}</td>`;
}

function decidedCells({ decided }: ImageOutput, classes: readonly string[]): Html {
  return html`<td colspan="3">${labelList(classes.filter((_, k) => decided[k]))}</td>`;
}

function playButton(head: Head, { heads, labels }: ComparedImage, classes: readonly string[]): Html {
  const state = { classes, logits: heads[head].logits, truth: labels.map((label) => label === 1) };
  return html`<button type="button" data-play="${JSON.stringify(state)}">Play with ${head}’s logits</button>`;
}
