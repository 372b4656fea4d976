import { describeUnreadable } from "../../data/checks.js";
import { printable, printableLines } from "../../printable.js";
import { ISSUE_KINDS, type IssueKind } from "../../report/label-issue.js";
import { type CheckResult, checkData, type NamedSeparation } from "../../train/check.js";
import type { LabelIssue } from "../../train/label-check.js";
import { type Command, decimal, workOf } from "../command.js";
import { commandOf } from "../command-line.js";
import { BACKBONE_FLAGS, DATA_FLAGS, EMBEDDINGS_FLAG, OUT_FLAGS, RULE_FLAGS, SPLIT_FLAGS, UNREADABLE_FLAG } from "../flags.js";
import { backboneOptions, dataOptions, number, text } from "../inputs.js";
import { alignColumns } from "../table.js";

const SHOWN_ISSUES = 20;
const SHOWN_CONFUSIONS = 5;

export const dataCheck: Command = {
  name: "data check",
  summary: "find labels that are wrong or missing, duplicates, classes that nothing tells apart",
  examples: [
    "sigmax data check photos/ --out check.html                      a page with pictures, worst first",
    "sigmax data check images/ --labels labels.csv --json            every issue and every image's quality",
    "sigmax data check photos/ --backbone squeezenet.onnx            better features find more",
    "sigmax data check images/ --rule 'primary excludes urban'       labels that contradict each other",
  ],
  arguments: [{ name: "data", describe: "folder of images, or a label file" }],
  flags: {
    ...DATA_FLAGS,
    ...BACKBONE_FLAGS,
    ...EMBEDDINGS_FLAG,
    groupBy: SPLIT_FLAGS.groupBy,
    seed: SPLIT_FLAGS.seed,
    ...RULE_FLAGS,
    l2: {
      value: "number",
      parse: decimal(0, 1e6),
      describe: "strength of the L2 penalty",
      shownDefault: "chosen by cross-validation",
    },
    ...UNREADABLE_FLAG,
    out: { value: "file.html", describe: "page to write: pictures of the issues, worst first" },
    ...OUT_FLAGS,
  },
  async run(input, terminal) {
    const { split: _split, ...data } = dataOptions(input);
    const out = text(input.flags, "out");
    const result = await checkData({
      ...data,
      ...backboneOptions(input),
      seed: number(input.flags, "seed"),
      l2: number(input.flags, "l2"),
      force: input.flags.force === true,
      out,
      command: commandOf(dataCheck, input),
      ...workOf(terminal),
    });
    terminal.print(terminal.json ? JSON.stringify(result) : describe(result, out));
  },
};

/** The result for people: counts, the worst issues, what to do next. */
function describe(result: CheckResult, out: string | undefined): string {
  const { issues, images, classes, task, unreadable, suggestions, probablyWrong } = result;
  const counts = ISSUE_KINDS.map((kind) => `${issues.filter((issue) => issue.kind === kind).length} ${kind}`);
  const lines = [`\n${images.length} images, ${task}, ${classes.length} classes: ${counts.join(", ")}`];
  if (probablyWrong > 0) lines.push(`about ${probablyWrong} labels can be taken for wrong (confident learning)`);
  if (suggestions.length > 0) lines.push(`${suggestions.length} unknown labels are probably there (--json lists them)`);
  if (issues.length > 0) {
    const rows = issues
      .slice(0, SHOWN_ISSUES)
      .map((issue) => [issue.score.toFixed(2), issue.kind, issue.file, REASONS[issue.kind](issue)].map(printable));
    lines.push("", alignColumns([["score", "kind", "file", "why"], ...rows], { numbers: false }));
    if (issues.length > SHOWN_ISSUES) lines.push(`… and ${issues.length - SHOWN_ISSUES} more`);
  }
  lines.push("", ...separationLines(result));
  if (unreadable.length > 0) lines.push(printableLines(describeUnreadable(unreadable, images.length + unreadable.length)));
  lines.push(issues.length === 0 ? "Nothing looks wrong." : adviceLine(out));
  return lines.join("\n");
}

const REASONS: Readonly<Record<IssueKind, (issue: LabelIssue) => string>> = {
  wrong: ({ label, suggested }) => (suggested === undefined ? `probably not ${label}` : `${label}; probably ${suggested}`),
  missing: ({ label }) => `${label} seems to be there`,
  duplicate: ({ label, of, conflict }) =>
    conflict ? `same picture as ${of}, labelled differently: ${label}` : `same picture as ${of}, same labels`,
  rule: ({ label, rule }) => `${label} against "${rule}"`,
};

function separationLines({ inseparable, confused }: CheckResult): string[] {
  const named = ({ classes }: NamedSeparation) => printable(classes.join(" and "));
  const hopeless = inseparable.map(
    (found) => `! ${named(found)}: told apart no better than by chance. Merge them, or label them by a clearer rule.`,
  );
  const hard = confused
    .slice(0, SHOWN_CONFUSIONS)
    .map((found) => `${named(found)} (${(100 * found.confused).toFixed(1)} % of ${found.images})`);
  return [...hopeless, ...(hard.length > 0 ? [`confused most: ${hard.join(", ")}`] : [])];
}

function adviceLine(out: string | undefined): string {
  return out === undefined
    ? "next        look at the worst with --out check.html, relabel what is wrong, and check again"
    : `page        ${out}\nnext        relabel what is wrong, and check again`;
}
