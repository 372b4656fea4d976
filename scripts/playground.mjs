// Writes the generated pages of docs/ from a built dist/: the playground, and the figures of softmax-or-sigmoid.md.
import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const dist = pathToFileURL(`${resolve(process.argv[2] ?? "dist")}/`);
const { renderPlaygroundPage } = await import(new URL("report/playground.js", dist).href);
const { docFigures } = await import(new URL("report/doc-figures.js", dist).href);

writeFileSync("docs/playground.html", renderPlaygroundPage());
mkdirSync("docs/figures", { recursive: true });
for (const [file, svg] of docFigures()) writeFileSync(`docs/figures/${file}`, svg);
