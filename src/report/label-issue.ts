import { type Html, html, name } from "./html.js";

/** The kinds of label issues. */
export const ISSUE_KINDS = ["wrong", "missing", "duplicate", "rule"] as const;
/** One of {@link ISSUE_KINDS}. */
export type IssueKind = (typeof ISSUE_KINDS)[number];

/** A label that deserves a look. */
export interface FoundIssue {
  readonly file: string;
  /** The label that looks wrong, or that is missing; of duplicates that agree, all they are labelled with. */
  readonly label: string;
  readonly kind: IssueKind;
  /** In [0, 1]: 1 is surely an issue. */
  readonly score: number;
  /** The class that the image probably has instead. */
  readonly suggested?: string;
  /** The image that this one is a duplicate of. */
  readonly of?: string;
  /** For duplicates: whether they are labelled differently. */
  readonly conflict?: boolean;
  /** The rule that is broken, as it was given. */
  readonly rule?: string;
}

/** An issue with its pictures. */
export interface ShownIssue extends FoundIssue {
  /** `data:image/…;base64,…` */
  readonly thumbnail?: string;
  /** Of the image that it is a duplicate of. */
  readonly thumbnailOfOther?: string;
}

/** What each kind is called, what to do about it, and what is said under the picture of one. */
export const ISSUE_WORDS: Readonly<
  Record<IssueKind, { readonly title: string; readonly advice: string; say(issue: FoundIssue): Html }>
> = {
  wrong: {
    title: "Probably wrong",
    advice:
      "Images whose label a classifier that has not seen them finds unlikely. Look at each: relabel it, or leave it if it is right and only hard.",
    say: ({ label, suggested }) =>
      html`<span class="given">${name(label)}</span>${suggested !== undefined && html` → <b>${name(suggested)}</b>`}`,
  },
  missing: {
    title: "Probably missing",
    advice: "Labels that were not given and seem to be there. Add them where the image shows them.",
    say: ({ label }) => html`+ <b>${name(label)}</b>`,
  },
  duplicate: {
    title: "Duplicates",
    advice:
      "The same picture more than once. Where the labels differ, at least one is wrong; where they agree, keep one copy, or all copies in one part of the split.",
    say: ({ label, of = "another", conflict }) =>
      conflict
        ? html`like ${name(of)}, but labelled differently: <b>${name(label)}</b>`
        : html`like ${name(of)}, labelled the same`,
  },
  rule: {
    title: "Broken rules",
    advice: "Labels that contradict the rules that were given.",
    say: ({ label, rule }) =>
      html`<b>${name(label)}</b> ${rule === undefined ? "against a rule" : html`against “${name(rule)}”`}`,
  },
};

/** How {@link ISSUE_WORDS} looks. */
export const ISSUE_STYLE = ".given { text-decoration: line-through; text-decoration-color: var(--sigmoid); }";
