import { clip, count, fixed, plural } from "../format.js";
import { type Html, html, name } from "../html.js";
import { labelList, picture } from "../image-card.js";
import { ISSUE_KINDS, ISSUE_WORDS } from "../label-issue.js";
import type { RunReport } from "../run-data.js";

const MAX_MISTAKES = 48;
const MAX_EXPLAINED = 24;
const MAX_GROUPS = 8;
const MAX_IN_GROUP = 7;
const MAX_NOVEL = 24;
/** Label issues shown one by one. */
export const MAX_ISSUES = 24;

/** What an image of the page is drawn from. */
interface Shown {
  readonly file: string;
  readonly image?: number;
  readonly thumbnail?: string;
  readonly cam?: string;
}

/** The thumbnail of an image; rows of `predictions` are named for the scripts. */
function photo({ file, image, thumbnail }: Shown, { predictions }: RunReport): Html {
  const own = thumbnail ?? (image === undefined ? undefined : predictions?.images[image]?.thumbnail);
  return picture(own, `Image ${file}`, image);
}

/** A thumbnail under its class activation map, where it has one, and its name. */
function tile(shown: Shown, data: RunReport): Html {
  return html`<div class="tile">${photo(shown, data)}${shown.cam !== undefined && html`<span class="cam">${map(shown.cam, shown.file)}</span>`}</div>
${fileName(shown.file)}`;
}

function map(cam: string, file: string): Html {
  return picture(cam, `What the network looked at in ${file}`);
}

function fileName(file: string): Html {
  return html`<div class="file" title="${file}">${name(clip(file, 60))}</div>`;
}

const CAM_BUTTON = html`<p class="script tools"><button type="button" data-cams aria-pressed="true">Hide what the network looked at</button></p>`;

/** Test images decided wrongly with the highest confidence. */
export function mistakesSection(data: RunReport): Html {
  const { mistakes } = data;
  if (mistakes.length === 0) return html`<h2>Mistakes</h2><p>None on the test images.</p>`;
  return html`<h2>Most confident mistakes</h2><p>Look at these first: they show what the classifier does not see, and sometimes a label that is wrong.</p>
${mistakes.some(({ cam }) => cam !== undefined) && CAM_BUTTON}
<ul class="tiles">${mistakes
    .slice(0, MAX_MISTAKES)
    .map(
      (mistake) =>
        html`<li>${tile(mistake, data)}<div>is <span class="truth-text">${labelList(mistake.truth)}</span></div><div>decided ${labelList(mistake.decided)} at ${fixed(mistake.confidence, 2)}</div></li>`,
    )}</ul>`;
}

/** Right and wrong examples, with what the network looked at. */
export function explainedSection(data: RunReport): Html | false {
  const { explained = [] } = data;
  if (explained.length === 0) return false;
  const part = (title: string, right: boolean) => {
    const chosen = explained.filter((example) => example.right === right).slice(0, MAX_EXPLAINED);
    return (
      chosen.length > 0 &&
      html`<h3>${title}</h3><ul class="tiles wide-tiles">${chosen.map(
        (example) =>
          html`<li><div class="both"><div class="tile">${photo(example, data)}</div><div class="tile">${map(example.cam, example.file)}</div></div>${fileName(example.file)}<div>${name(example.label)} at ${fixed(example.probability, 2)}</div></li>`,
      )}</ul>`
    );
  };
  return html`<h2>What the network looked at</h2>
<p>Class activation maps: the warmer a place, the more it spoke for the label. A map on the wrong place shows a shortcut that will not hold elsewhere.</p>
${part("Right", true)}${part("Wrong", false)}`;
}

/** Mistakes that look alike, and images unlike anything in training. */
export function collectSection(data: RunReport): Html | false {
  const { mistakeGroups = [], novel = [], predictions } = data;
  const groups = predictions === undefined ? [] : mistakeGroups.slice(0, MAX_GROUPS);
  if (groups.length + novel.length === 0) return false;
  return html`<h2>Kinds of image to collect next</h2>
${
  groups.length > 0 &&
  html`<h3>Mistakes that look alike</h3><p>More training images like these will help most.</p>
${groups.map(
  ({ images }) => html`<div class="group"><p><b>${plural(images.length, "mistake")}</b></p>
<ul class="tiles small-tiles">${images.slice(0, MAX_IN_GROUP).map((image) => html`<li>${tile({ file: predictions!.images[image].file, image }, data)}</li>`)}</ul>${images.length > MAX_IN_GROUP && html`<p class="quiet small">and ${count(images.length - MAX_IN_GROUP)} more</p>`}</div>`,
)}`
}
${
  novel.length > 0 &&
  html`<h3>Unlike anything in training</h3><p>Their nearest training images are farther away than is usual; the number says how many times as far. The classifier guesses here, whatever its probability says.</p>
<ul class="tiles small-tiles">${novel.slice(0, MAX_NOVEL).map((image) => html`<li>${tile(image, data)}<div>${fixed(image.ratio, 1)} ×</div></li>`)}</ul>`
}`;
}

/** Labels that look wrong, worst first. */
export function issuesSection(data: RunReport): Html | false {
  const { labelIssues = [] } = data;
  if (labelIssues.length === 0) return false;
  const kinds = ISSUE_KINDS.flatMap((kind) => {
    const found = labelIssues.filter((issue) => issue.kind === kind).length;
    return found > 0 ? [`${ISSUE_WORDS[kind].title.toLowerCase()} ${count(found)}`] : [];
  });
  return html`<h2>Labels to look at again</h2>
<p>${plural(labelIssues.length, "label")} that the images themselves, or the rules, speak against: ${kinds.join(", ")}. Training and validation images, each judged
by a head that has not seen it. The worst come first; a person decides.</p>
<ul class="tiles small-tiles">${labelIssues
    .slice(0, MAX_ISSUES)
    .map(
      (issue) =>
        html`<li>${tile(issue, data)}<div>${ISSUE_WORDS[issue.kind].say(issue)}</div><div class="quiet">${fixed(issue.score, 2)}</div></li>`,
    )}</ul>
${labelIssues.length > MAX_ISSUES && html`<p class="quiet">${count(labelIssues.length - MAX_ISSUES)} more: <code>sigmax data check</code> lists them all.</p>`}`;
}
