import { type ImageFile, listImages } from "../../data/open.js";
import { embed as embedFiles } from "../../train/embed.js";
import type { Command } from "../command.js";
import { BACKBONE_FLAGS, OUT_FLAGS, SPLIT_FLAGS } from "../flags.js";
import { backboneOptions, number, text } from "../inputs.js";

export const embed: Command = {
  name: "embed",
  summary: "write one feature vector per image",
  examples: [
    "sigmax embed photos/ --out features.npy",
    "sigmax embed photos/ --backbone squeezenet.onnx --out features.safetensors",
  ],
  arguments: [{ name: "images", describe: "image files, folders of them, or a text file with one path a line", variadic: true }],
  flags: {
    ...BACKBONE_FLAGS,
    seed: SPLIT_FLAGS.seed,
    unreadable: {
      value: "what",
      choices: ["skip", "fail"],
      describe: "what to do with images that cannot be read",
      shownDefault: "skip",
    },
    out: {
      value: "file",
      describe: "file to write: .npy or .safetensors; the names of the rows go beside it as .csv",
      shownDefault: "embeddings.npy",
    },
    ...OUT_FLAGS,
  },
  async run(input, terminal) {
    const images: ImageFile[] = [];
    for (const path of [input.arguments[0] ?? []].flat())
      images.push(...(await listImages(path, { signal: terminal.signal, onWarning: terminal.onWarning })));
    const result = await embedFiles({
      images,
      ...backboneOptions(input),
      out: text(input.flags, "out") ?? "embeddings.npy",
      seed: number(input.flags, "seed"),
      force: input.flags.force === true,
      unreadable: input.flags.unreadable as "skip" | "fail" | undefined, // the flag's choices
      signal: terminal.signal,
      onProgress: terminal.onProgress,
      onWarning: terminal.onWarning,
    });
    if (terminal.json) terminal.print(JSON.stringify(result));
    else terminal.print(`${result.out}: float32 [${result.rows}, ${result.size}], backbone ${result.backbone}`);
  },
};
