import { inspectBackbone } from "../../model/inspect.js";
import { printable } from "../../printable.js";
import { cacheFolder } from "../cache-folder.js";
import type { Command } from "../command.js";
import { BACKBONE_FLAGS } from "../flags.js";
import { runtimeOf, text } from "../inputs.js";
import { alignColumns } from "../table.js";

export const backboneInspect: Command = {
  name: "backbone inspect",
  summary: "show what an ONNX network takes and gives, and where it can be cut",
  examples: ["sigmax backbone inspect squeezenet.onnx"],
  arguments: [{ name: "file", describe: "ONNX file, https://… or hf:<repo>/<path>; no preprocessing is needed" }],
  flags: { cache: { ...BACKBONE_FLAGS.cache, describe: "where downloads are kept" }, runtime: BACKBONE_FLAGS.runtime },
  async run({ arguments: [file], flags }, terminal) {
    const found = await inspectBackbone(String(file), {
      runtime: runtimeOf(flags),
      cache: text(flags, "cache") ?? cacheFolder(),
      signal: terminal.signal,
      onWarning: terminal.onWarning,
    });
    if (terminal.json) {
      terminal.print(JSON.stringify(found));
      return;
    }
    const shape = (dims: readonly (number | string | null)[] | undefined) =>
      dims === undefined ? "?" : `[${dims.map((dim) => dim ?? "?").join(", ")}]`;
    terminal.print(printable(`${String(file)}`));
    terminal.print(
      alignColumns(
        [
          ["size", `${(found.bytes / 2 ** 20).toFixed(1)} MiB`],
          ["parameters", found.parameters.toLocaleString("en")],
          ["opset", String(found.opset)],
          ...found.inputs.map(({ name, dtype, shape: dims }) => ["input", printable(`${name}  ${dtype} ${shape(dims)}`)]),
          ...found.outputs.map(({ name, dtype, shape: dims }) => ["output", printable(`${name}  ${dtype} ${shape(dims)}`)]),
          ["speed", `${found.speed.imagesPerSecond.toFixed(0)} images/s for ${shape(found.speed.shape)}, ${found.speed.runtime}`],
        ],
        { numbers: false },
      ),
    );
    terminal.print("\ncan be cut at (--embedding <tensor>):");
    terminal.print(
      alignColumns(
        found.candidates.map(({ name, size, role }) => [`  ${printable(name)}`, `${size ?? "?"} features`, role]),
        { numbers: false },
      ),
    );
  },
};
