import { UserError } from "../../errors.js";
import { FILE_COLUMNS } from "../columns.js";
import { type Dataset, isLabelled, type Sample, UNKNOWN, YES } from "../dataset.js";
import { isObject, type Json, type JsonObject } from "../json.js";
import { type LabelRow, type LabelTable, placeOf } from "../labels.js";
import { safeName } from "../names.js";
import { type Tags, tagsOf } from "../tags.js";
import { quoted } from "../text.js";
import type { FileSource, LabelDocument, SourceOptions } from "./source.js";

/** The JSON export of Label Studio ("JSON" and "JSON-MIN"): choices per image. Addresses are never fetched. */
export const labelStudioSource: FileSource = {
  kind: "file",
  name: "label-studio",
  defaultFileName: "label-studio.json",
  accepts: (document) => document.form === "json" && Array.isArray(document.json),
  parse: parseExport,

  *write(dataset, { fileName }) {
    const tasks = dataset.samples.map((sample) => JSON.stringify(taskOf(sample, dataset)));
    yield { path: fileName, text: `[\n${tasks.join(",\n")}\n]\n` };
  },
};

function parseExport(document: LabelDocument, { onWarning }: SourceOptions): LabelTable {
  const { file } = document;
  // The table of sources asked `accepts` before.
  const tasks = document.form === "json" ? (document.json as readonly Json[]) : [];
  if (tasks.length === 0)
    throw new UserError("bad-data", `${file}: no tasks`, { hint: "Export the project from Label Studio as JSON." });
  let disputed = 0;
  const rows = tasks.map((task, i): LabelRow => {
    if (!isObject(task)) throw new UserError("bad-data", `${file} task ${i + 1}: not an object`, { hint: EXPORT_HINT });
    const line = [...task.lines.values()][0] ?? 0;
    const where = `${placeOf(file, line)}, task ${i + 1}`;
    const name = imageOf(task, where);
    const said = answersOf(task, where);
    const tags = agreed(said);
    if (said.some(({ yes }) => yes.join("\n") !== said[0].yes.join("\n"))) disputed++;
    return { file: name, line, ...tags };
  });
  if (disputed > 0)
    onWarning?.(`${file}: ${disputed} images on which annotators disagree; what they dispute is read as unknown.`);
  return { file, rows, single: rows.every(({ yes }) => yes.length < 2), emptyMulticlass: "unknown" };
}

const EXPORT_HINT = "Export the project from Label Studio as JSON or JSON-MIN.";

function imageOf(task: JsonObject, where: string): string {
  const data = task.entries.get("data");
  const fields = isObject(data) ? data.entries : task.entries;
  const value = FILE_COLUMNS.map((name) => fields.get(name)).find((field) => field !== undefined);
  if (typeof value !== "string") throw new UserError("bad-data", `${where}: no image`, { hint: EXPORT_HINT });
  return safeName(localName(value, where), where);
}

/** Label Studio's own addresses name files: `/data/upload/1/1a2b3c4d-name.jpg` and `/data/local-files/?d=folder/name.jpg`. */
function localName(image: string, where: string): string {
  const uploaded = /^\/data\/upload\/(?:\d+\/)?(?:[0-9a-f]{8}-)?([^/?#]+)$/.exec(image);
  const local = /^\/data\/local-files\/\?d=([^&#]+)$/.exec(image);
  const encoded = uploaded?.[1] ?? local?.[1];
  if (encoded === undefined) return image;
  try {
    return decodeURIComponent(encoded);
  } catch (cause) {
    throw new UserError("bad-data", `${where}: ${quoted(image)} is badly encoded`, { hint: EXPORT_HINT, cause });
  }
}

/** What each annotator said; cancelled annotations and predictions say nothing. */
function answersOf(task: JsonObject, where: string): readonly Tags[] {
  const annotations = task.entries.get("annotations") ?? task.entries.get("completions");
  if (annotations === undefined) {
    const minimal = task.entries.get("choice") ?? task.entries.get("choices");
    return minimal === undefined ? [] : [tagsOf(choicesOf(minimal, where), where)];
  }
  if (!Array.isArray(annotations))
    throw new UserError("bad-data", `${where}: "annotations" is not a list`, { hint: EXPORT_HINT });
  return annotations.flatMap((annotation: Json) => {
    if (!isObject(annotation)) throw new UserError("bad-data", `${where}: an annotation is not an object`, { hint: EXPORT_HINT });
    if (annotation.entries.get("was_cancelled") === true) return [];
    const result = annotation.entries.get("result");
    if (!Array.isArray(result))
      throw new UserError("bad-data", `${where}: an annotation without a result`, { hint: EXPORT_HINT });
    const choices = result.flatMap((item: Json) => {
      const value = isObject(item) ? item.entries.get("value") : undefined;
      const chosen = isObject(value) ? value.entries.get("choices") : undefined;
      return chosen === undefined ? [] : choicesOf(chosen, where);
    });
    const tags = tagsOf(choices, where);
    return [{ ...tags, yes: [...tags.yes].sort() }];
  });
}

function choicesOf(value: Json, where: string): readonly string[] {
  if (typeof value === "string") return [value];
  if (isObject(value)) return choicesOf(value.entries.get("choices") ?? null, where);
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value;
  throw new UserError("bad-data", `${where}: choices that are not texts`, { hint: EXPORT_HINT });
}

/** Yes is what all annotators say; what only some say is unknown. Nobody's word leaves everything unknown. */
function agreed(answers: readonly Tags[]): Tags {
  if (answers.length === 0) return { yes: [], unknown: "rest" };
  const [first, ...others] = answers;
  const everybody = (label: string) => others.every(({ yes }) => yes.includes(label));
  const named = [...new Set(answers.flatMap(({ yes }) => yes))];
  const yes = first.yes.filter(everybody);
  return {
    yes,
    unknown: answers.some(({ unknown }) => unknown === "rest") ? "rest" : named.filter((label) => !yes.includes(label)),
  };
}

function taskOf(sample: Sample, { task, classes }: Dataset): object {
  const image = { data: { image: sample.file } };
  if (!isLabelled(sample)) return { ...image, annotations: [] };
  if (task === "multilabel" && sample.labels.includes(UNKNOWN)) {
    throw new UserError("bad-data", `${sample.file}: some of its labels are unknown, which Label Studio's choices cannot say`, {
      hint: "Convert to csv, one-hot, huggingface, json-map or label-files.",
    });
  }
  const choices = classes.filter((_, k) => sample.labels[k] === YES);
  const result = choices.length === 0 ? [] : [{ from_name: "label", to_name: "image", type: "choices", value: { choices } }];
  return { ...image, annotations: [{ result }] };
}
