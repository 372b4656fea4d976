import { count, fixed, plural } from "./format.js";
import { type Html, html, name } from "./html.js";
import { picture } from "./image-card.js";
import { ISSUE_KINDS, ISSUE_STYLE, ISSUE_WORDS, type IssueKind, type ShownIssue } from "./label-issue.js";
import { page } from "./page.js";
import { STYLE } from "./style.js";

/** Classes that are hard to tell apart. */
interface HardToTell {
  readonly classes: readonly string[];
  readonly images: number;
  readonly confused: number;
  readonly auc: number;
}

/** All that a check of labels found, as plain data. */
export interface CheckReport {
  readonly dataset: string;
  readonly images: readonly unknown[];
  readonly classes: readonly string[];
  readonly issues: readonly { readonly kind: IssueKind }[];
  readonly shown: readonly ShownIssue[];
  readonly inseparable: readonly HardToTell[];
  readonly confused: readonly HardToTell[];
  readonly probablyWrong: number;
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[];
  readonly warnings: readonly string[];
  /** Absent where there was too little to learn from. */
  readonly backbone?: string;
  readonly command: string;
  readonly version: string;
}

const CHECK_STYLE = `.issues { display: grid; grid-template-columns: repeat(auto-fill, minmax(12rem, 1fr)); gap: 1.2rem 1rem; padding: 0; list-style: none; max-width: none; }
.issues li { font-size: .9rem; line-height: 1.4; break-inside: avoid; padding: .4rem; margin: -.4rem; border-radius: .6rem; }
.issues .pictures { display: grid; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); gap: .25rem; margin-bottom: .3rem; }
.issues img, .issues .no-image { width: 100%; height: auto; aspect-ratio: 1; object-fit: cover; border-radius: .4rem; background: var(--soft); }
.issues meter { width: 100%; height: .5rem; display: block; margin: .25rem 0; }`;

/** Arrow keys walk from issue to issue, as Tab does. */
const CHECK_SCRIPT = `"use strict";
document.addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1, j: 1, k: -1 }[event.key];
  if (step === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
  const cards = [...document.querySelectorAll(".issues li")];
  const at = cards.indexOf(document.activeElement);
  const next = cards[at < 0 ? 0 : Math.min(cards.length - 1, Math.max(0, at + step))];
  if (next === undefined) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "nearest" });
});`;

/** The page of a label check: one offline file, worst first in every kind. */
export function renderCheckReport(report: CheckReport): string {
  const { dataset, images, classes, issues, shown, backbone, command, version, warnings, unreadable } = report;
  const sections = ISSUE_KINDS.flatMap((kind) => {
    const all = issues.filter((issue) => issue.kind === kind).length;
    return all === 0 ? [] : [{ kind, all, ...ISSUE_WORDS[kind], cards: shown.filter((issue) => issue.kind === kind) }];
  });
  const body = html`<header><h1>Labels of ${name(dataset)}</h1>
<p class="lead">${plural(images.length, "image")}, ${plural(classes.length, "class", "classes")}, ${plural(issues.length, "issue")}.
${backbone !== undefined && html`Every image was judged by classifiers that had not seen it, on features from ${name(backbone)}; about ${plural(report.probablyWrong, "label")} can be taken for wrong.`}</p>
<nav>${sections.map(({ kind, title, all }) => html`<a href="#${kind}">${title} (${count(all)})</a>`)}</nav>
${sections.length > 0 && html`<p class="quiet">Tab, the arrow keys, or j and k walk from image to image.</p>`}</header>
<main>
${warnings.length > 0 && html`<section><h2>Worth knowing</h2><ul>${warnings.map((warning) => html`<li>${name(warning)}</li>`)}</ul></section>`}
${sections.length === 0 && html`<section><h2>Nothing found</h2><p>No label looks wrong, and no image stands there twice.</p></section>`}
${sections.map(
  ({ kind, title, advice, all, cards }) => html`<section id="${kind}"><h2>${title}</h2>
<p>${advice}${cards.length < all && ` The worst ${cards.length} of ${all} are shown.`}</p><ul class="issues">${cards.map(issueCard)}</ul></section>`,
)}
${apartSection(report)}
${unreadable.length > 0 && html`<section><h2>Unreadable</h2><ul>${unreadable.slice(0, 100).map(({ file, reason }) => html`<li>${name(file)}: ${name(reason)}</li>`)}</ul></section>`}
${command !== "" && html`<section><h2>Again</h2><pre>${command}</pre></section>`}
</main>
<footer class="quiet"><p>Made by sigmax ${version}.</p></footer>`;
  return page({
    title: `Labels of ${dataset}`,
    description: `Labels that look wrong in ${dataset}`,
    body,
    styles: [STYLE, CHECK_STYLE, ISSUE_STYLE],
    scripts: [CHECK_SCRIPT],
  });
}

function issueCard(issue: ShownIssue): Html {
  const { file, kind, score, of, thumbnail, thumbnailOfOther } = issue;
  const score2 = fixed(score, 2);
  return html`<li tabindex="0"><div class="pictures">${picture(thumbnail, file)}${of !== undefined && picture(thumbnailOfOther, of)}</div>
<meter min="0" max="1" value="${score}" title="${score2}">${score2}</meter><div>${ISSUE_WORDS[kind].say(issue)}</div><div class="quiet">${name(file)} · ${score2}</div></li>`;
}

function apartSection({ inseparable, confused }: CheckReport): Html | false {
  if (inseparable.length + confused.length === 0) return false;
  const rows = [
    ...inseparable.map((row) => ({ ...row, hopeless: true })),
    ...confused.map((row) => ({ ...row, hopeless: false })),
  ];
  return html`<section><h2>Hard to tell apart</h2>
${inseparable.length > 0 && html`<p>Some classes cannot be told apart better than by chance. Merge them, or label them again by a clearer rule.</p>`}
<div class="scroll"><table><caption>Judged by classifiers that had not seen the images; an area of 0.5 is chance</caption>
<thead><tr><th scope="col">classes</th><th scope="col">images</th><th scope="col">taken for the other</th><th scope="col">area under ROC</th></tr></thead>
<tbody>${rows.map(
    ({ classes, images, confused: share, auc, hopeless }) =>
      html`<tr><th scope="row">${classes.map((label, i) => html`${i > 0 && " / "}${name(label)}`)}${hopeless && " (chance)"}</th><td>${count(images)}</td><td>${fixed(100 * share, 1)} %</td><td>${fixed(auc)}</td></tr>`,
  )}</tbody></table></div></section>`;
}
