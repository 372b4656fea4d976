import { embed as embedFiles } from "../../train/embed.js";
import { type Command, workOf } from "../command.js";
import { BACKBONE_FLAGS, OUT_FLAGS, SPLIT_FLAGS, UNREADABLE_FLAG } from "../flags.js";
import { backboneOptions, imagesOf, number, text, unreadableOf } from "../inputs.js";

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
    ...UNREADABLE_FLAG,
    out: {
      value: "file",
      describe: "file to write: .npy or .safetensors; the names of the rows go beside it as .csv",
      shownDefault: "embeddings.npy",
    },
    ...OUT_FLAGS,
  },
  async run(input, terminal) {
    const result = await embedFiles({
      images: await imagesOf(input.arguments[0], terminal),
      ...backboneOptions(input),
      out: text(input.flags, "out") ?? "embeddings.npy",
      seed: number(input.flags, "seed"),
      force: input.flags.force === true,
      unreadable: unreadableOf(input.flags),
      ...workOf(terminal),
    });
    if (terminal.json) terminal.print(JSON.stringify(result));
    else terminal.print(`${result.out}: float32 [${result.rows}, ${result.size}], backbone ${result.backbone}`);
  },
};
