import { UserError } from "../errors.js";
import { isFormula } from "./csv.js";
import { type LabelRow, normalizedLabel, placeOf } from "./labels.js";
import { quoted } from "./text.js";

/** The labels of one image as one cell of text. */
export interface TagCell {
  readonly text: string;
  readonly line: number;
}

/** What a cell or a list of tokens says. */
export type Tags = Pick<LabelRow, "yes" | "unknown">;

/** How several labels stand in one cell. */
type Separator = "|" | ";" | "," | "space" | "none";

const SPLIT: Readonly<Record<Separator, RegExp | undefined>> = {
  "|": /\|/,
  ";": /;/,
  ",": /,/,
  space: /\s+/,
  none: undefined,
};

/**
 * Reads tokens: a label; `?` alone, for every label not named; `?label`, for that one.
 *
 * @throws UserError `bad-data` for control characters in a label
 */
export function tagsOf(tokens: readonly string[], where: string): Tags {
  const yes = new Set<string>();
  const unknown = new Set<string>();
  let rest = false;
  for (const token of tokens) {
    const label = normalizedLabel(token);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: a label has to fit on one line of labels.txt.
    if (/[\u0000-\u001f\u007f]/.test(label)) {
      throw new UserError("bad-data", `${where}: a control character in the label ${quoted(label)}`, {
        hint: "Labels are plain text.",
      });
    }
    if (label === "?") rest = true;
    else if (label.startsWith("?")) unknown.add(normalizedLabel(label.slice(1)));
    else if (label !== "") yes.add(label);
  }
  const both = [...unknown].find((label) => yes.has(label));
  if (both !== undefined) {
    throw new UserError("bad-data", `${where}: ${quoted(both)} is both given and unknown`, { hint: "Keep one of the two." });
  }
  return { yes: [...yes], unknown: rest ? "rest" : [...unknown] };
}

/**
 * Reads a column of cells with any number of labels each. The separator is the one the column uses: `|`, else `;`, and for
 * columns that announce several labels else `,` or white space.
 *
 * @param single the column is named `label`: names may hold spaces and commas
 * @param classes when known, a cell that is a class name as a whole is never split
 * @throws UserError `bad-data` naming the line where separators are mixed
 */
export function parseTagColumn(
  cells: readonly TagCell[],
  { file, single, classes }: { file: string; single: boolean; classes?: readonly string[] | undefined },
): readonly Tags[] {
  const names = new Set(classes?.map(normalizedLabel));
  // A single label that starts like a formula is a trap for spreadsheets, in which | is no separator.
  const isWhole = (text: string) => names.has(normalizedLabel(text)) || (single && isFormula(text));
  const open = cells.filter(({ text }) => !isWhole(text));
  const separator = separatorOf(open, single, file);
  const split = SPLIT[separator];
  const parse = ({ text, line }: TagCell) =>
    tagsOf(split === undefined || isWhole(text) ? [text] : text.split(split), placeOf(file, line));
  // Label columns repeat themselves: each distinct cell is read once.
  const known = new Map<string, Tags>();
  const tags = cells.map((cell) => {
    const tagsBefore = known.get(cell.text);
    if (tagsBefore !== undefined) return tagsBefore;
    const parsed = parse(cell);
    known.set(cell.text, parsed);
    return parsed;
  });
  if (!single && separator !== "space" && separator !== "none") refuseSpaces(cells, tags, file, separator);
  return tags;
}

function separatorOf(cells: readonly TagCell[], single: boolean, file: string): Separator {
  const bar = cells.find(({ text }) => text.includes("|"));
  const semicolon = cells.find(({ text }) => text.includes(";"));
  if (bar && semicolon && !single) {
    throw new UserError("bad-data", `${file}: labels are separated by | on line ${bar.line} and by ; on line ${semicolon.line}`, {
      hint: "Use one separator in the whole file.",
    });
  }
  if (bar) return "|";
  if (semicolon) return ";";
  if (single) return "none";
  return cells.some(({ text }) => text.includes(",")) ? "," : "space";
}

/** In a file with another separator, `forest water` is most likely two labels and not a class of that name. */
function refuseSpaces(cells: readonly TagCell[], tags: readonly Tags[], file: string, separator: Separator): void {
  const names = new Set(tags.flatMap(({ yes }) => yes));
  const at = tags.findIndex(({ yes }) =>
    yes.some((label) => /\s/.test(label) && label.split(/\s+/).every((word) => names.has(word))),
  );
  if (at < 0) return;
  const { text, line } = cells[at];
  throw new UserError("bad-data", `${placeOf(file, line)}: ${quoted(text)} is separated by spaces, other rows by ${separator}`, {
    hint: "Use one separator in the whole file.",
  });
}
