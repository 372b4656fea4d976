import { UserError } from "../../errors.js";
import { TASKS, type Task } from "../../task.js";
import { isObject, type Json, type JsonObject } from "../json.js";
import { type LabelTable, placeOf } from "../labels.js";
import { safeName } from "../names.js";
import { listedTags } from "./huggingface.js";
import type { FileSource, LabelDocument } from "./source.js";
import { tokensOf, WRITINGS } from "./tokens.js";

const VERSION = 1;

/** `{"a.jpg": ["forest", "water"]}`, or the same under `labels` with `version`, `task` and `classes` beside it. */
export const jsonMapSource: FileSource = {
  kind: "file",
  name: "json-map",
  defaultFileName: "labels.json",
  accepts: (document) => document.form === "json" && !Array.isArray(document.json),
  parse: parseJsonMap,

  *write(dataset, { fileName }) {
    const tokens = tokensOf(dataset);
    const { json } = WRITINGS[dataset.task];
    const lines = dataset.samples.map((sample) => `    ${JSON.stringify(sample.file)}: ${JSON.stringify(json(tokens(sample)))}`);
    const head = [
      `"version": ${VERSION}`,
      `"task": ${JSON.stringify(dataset.task)}`,
      `"classes": ${JSON.stringify(dataset.classes)}`,
    ];
    yield { path: fileName, text: `{\n  ${head.join(",\n  ")},\n  "labels": {\n${lines.join(",\n")}\n  }\n}\n` };
  },
};

function parseJsonMap(document: LabelDocument): LabelTable {
  const { file } = document;
  if (document.form !== "json" || !isObject(document.json)) {
    throw new UserError("bad-data", `${file}: not an object`, { hint: FORM_HINT });
  }
  const { labels, task, classes } = unwrap(document.json, file);
  if (labels.entries.size === 0) throw new UserError("bad-data", `${file}: no images`, { hint: FORM_HINT });
  let single = true;
  const rows = [...labels.entries].map(([name, value]) => {
    const line = labels.lines.get(name)!;
    const where = placeOf(file, line);
    if (Array.isArray(value)) single = false;
    return { file: safeName(name, where), line, ...listedTags(value, where) };
  });
  return { file, rows, single, emptyMulticlass: "unknown", ...(task && { task }), ...(classes && { classes }) };
}

const FORM_HINT = 'Write {"a.jpg": ["forest", "water"], "b.jpg": []}.';

/** The labels and what stands beside them; a bare map is its own labels. */
function unwrap(json: JsonObject, file: string): { labels: JsonObject; task?: Task; classes?: readonly string[] } {
  const { entries } = json;
  const labels = entries.get("labels");
  const version = entries.get("version");
  if (version === undefined && !isObject(labels)) return { labels: json };
  if (version !== undefined && version !== VERSION) {
    throw new UserError(
      "bad-data",
      `${file}: version ${typeof version === "number" ? version : "of no known kind"} is not one that is read`,
      {
        hint: `This sigmax reads version ${VERSION}; a newer one may have written the file.`,
      },
    );
  }
  if (!isObject(labels)) throw new UserError("bad-data", `${file}: "labels" is not an object`, { hint: FORM_HINT });
  const task = entries.get("task");
  const knownTask = TASKS.find((known) => known === task);
  if (task !== undefined && knownTask === undefined) {
    throw new UserError("bad-data", `${file}: "task" is neither ${TASKS.join(" nor ")}`, { hint: FORM_HINT });
  }
  const classes = entries.get("classes");
  if (classes !== undefined && !isTexts(classes)) {
    throw new UserError("bad-data", `${file}: "classes" is not a list of texts`, { hint: FORM_HINT });
  }
  return { labels, ...(knownTask && { task: knownTask }), ...(classes && { classes }) };
}

function isTexts(value: Json): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}
