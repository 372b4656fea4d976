import { UserError } from "../../errors.js";
import { printable } from "../../printable.js";
import { HEADS } from "../../task.js";
import { RETRAIN_DEFAULTS, type RetrainOptions, type StepReport } from "../../train/retrain/options.js";
import { retrain as retrainLastLayer } from "../../train/retrain/retrain.js";
import { type Command, type Flag, integer, type Terminal, workOf } from "../command.js";
import { BACKBONE_FLAGS, OUT_FLAGS, SPLIT_FLAGS } from "../flags.js";
import { backboneOptions } from "../inputs.js";

const DEFAULT_FILES = {
  outputGraph: "output_graph.onnx",
  outputLabels: "output_labels.txt",
  summariesDir: "retrain_logs",
} as const;

/** The flags of retrain.py, spelled as there. */
const RETRAIN_FLAGS = {
  imageDir: { flag: "--image_dir", value: "folder", describe: "folder with one folder of images per class" },
  imageLabelsDir: {
    flag: "--image_labels_dir",
    value: "folder",
    describe: "folder with <image>.txt per image, one label per line: several labels per image",
  },
  bottleneckDir: {
    flag: "--bottleneck_dir",
    value: "folder",
    describe: "read and write bottlenecks as text files here; without images it is trained on alone",
    shownDefault: "sigmax's own cache",
  },
  outputGraph: {
    flag: "--output_graph",
    value: "file",
    describe: "ONNX classifier to write",
    shownDefault: DEFAULT_FILES.outputGraph,
  },
  outputLabels: {
    flag: "--output_labels",
    value: "file",
    describe: "labels to write, one per line",
    shownDefault: DEFAULT_FILES.outputLabels,
  },
  summariesDir: {
    flag: "--summaries_dir",
    value: "folder",
    describe: "TensorBoard events to write",
    shownDefault: DEFAULT_FILES.summariesDir,
  },
  howManyTrainingSteps: {
    flag: "--how_many_training_steps",
    value: "n",
    parse: integer(1, 1e9),
    describe: "steps of gradient descent",
    shownDefault: `${RETRAIN_DEFAULTS.howManyTrainingSteps}`,
  },
  learningRate: {
    flag: "--learning_rate",
    value: "rate",
    parse: positive,
    describe: "size of each step",
    shownDefault: `${RETRAIN_DEFAULTS.learningRate}`,
  },
  testingPercentage: {
    flag: "--testing_percentage",
    value: "n",
    parse: integer(0, 99),
    describe: "share of the images for the final test",
    shownDefault: `${RETRAIN_DEFAULTS.testingPercentage}`,
  },
  validationPercentage: {
    flag: "--validation_percentage",
    value: "n",
    parse: integer(0, 99),
    describe: "share of the images for validation",
    shownDefault: `${RETRAIN_DEFAULTS.validationPercentage}`,
  },
  evalStepInterval: {
    flag: "--eval_step_interval",
    value: "n",
    parse: integer(1),
    describe: "steps between two evaluations",
    shownDefault: `${RETRAIN_DEFAULTS.evalStepInterval}`,
  },
  trainBatchSize: {
    flag: "--train_batch_size",
    value: "n",
    parse: integer(1, 1e6),
    describe: "images per step",
    shownDefault: `${RETRAIN_DEFAULTS.trainBatchSize}`,
  },
  validationBatchSize: {
    flag: "--validation_batch_size",
    value: "n",
    parse: integer(-1, 1e6),
    describe: "images per evaluation; -1 for all",
    shownDefault: `${RETRAIN_DEFAULTS.validationBatchSize}`,
  },
  testBatchSize: {
    flag: "--test_batch_size",
    value: "n",
    parse: integer(-1, 1e6),
    describe: "images of the final test; -1 for all",
    shownDefault: `${RETRAIN_DEFAULTS.testBatchSize}`,
  },
  printMisclassifiedTestImages: {
    flag: "--print_misclassified_test_images",
    describe: "list the test images that are labelled wrongly",
  },
  finalTensorName: {
    flag: "--final_tensor_name",
    value: "name",
    describe: "a further name for the output final_result",
    shownDefault: RETRAIN_DEFAULTS.finalTensorName,
  },
  finalActivation: {
    flag: "--final_activation",
    value: "head",
    choices: HEADS,
    describe: "softmax: one label; sigmoid: any number",
    shownDefault: "softmax; sigmoid with --image_labels_dir",
  },
  flipLeftRight: { flag: "--flip_left_right", describe: "mirror half of the training images, drawn anew for each step" },
  randomCrop: {
    flag: "--random_crop",
    value: "percent",
    parse: integer(0, 1000),
    describe: "margin around a random crop",
    shownDefault: "0",
  },
  randomScale: {
    flag: "--random_scale",
    value: "percent",
    parse: integer(0, 1000),
    describe: "enlarge by up to this much",
    shownDefault: "0",
  },
  randomBrightness: {
    flag: "--random_brightness",
    value: "percent",
    parse: integer(0, 100),
    describe: "multiply pixels up or down by up to this much",
    shownDefault: "0",
  },
} as const satisfies Record<string, Flag>;

/** Flags of retrain.py that cannot work without TensorFlow, and what to do instead. */
const REFUSED: Readonly<Record<string, { readonly flag: string; readonly hint: string }>> = {
  savedModelDir: {
    flag: "--saved_model_dir",
    hint: "--output_graph writes one ONNX file, which every ONNX runtime and server reads. Leave this flag out.",
  },
  tfhubModule: {
    flag: "--tfhub_module",
    hint: "TensorFlow Hub modules cannot be loaded. Give --backbone rcf, or an ONNX file: --backbone mobilenet.onnx.",
  },
  architecture: {
    flag: "--architecture",
    hint: "Give --backbone rcf, or the network as an ONNX file: --backbone mobilenet.onnx.",
  },
  modelDir: {
    flag: "--model_dir",
    hint: "Nothing is downloaded into a model folder. Give the network itself: --backbone mobilenet.onnx.",
  },
  intermediateOutputGraphsDir: {
    flag: "--intermediate_output_graphs_dir",
    hint: "Intermediate graphs are not written: the training takes seconds. Leave this flag out.",
  },
  intermediateStoreFrequency: {
    flag: "--intermediate_store_frequency",
    hint: "Intermediate graphs are not written: the training takes seconds. Leave this flag out.",
  },
};

const { views: _views, ...NETWORK_FLAGS } = BACKBONE_FLAGS;

export const retrain: Command = {
  name: "retrain",
  summary: "train a new last layer the way TensorFlow's retrain.py did, with its flags",
  examples: [
    "sigmax retrain --image_dir flower_photos",
    "sigmax retrain --image_dir photos --bottleneck_dir bottlenecks --how_many_training_steps 500",
    "sigmax retrain --image_dir images --image_labels_dir image_labels      several labels per image, sigmoid",
    "sigmax retrain --bottleneck_dir tf_files/bottlenecks                   bottlenecks that retrain.py left behind",
  ],
  arguments: [],
  flags: {
    ...RETRAIN_FLAGS,
    ...NETWORK_FLAGS,
    seed: SPLIT_FLAGS.seed,
    ...OUT_FLAGS,
    ...Object.fromEntries(
      Object.entries(REFUSED).map(([key, { flag }]) => [
        key,
        { flag, value: "value", describe: "refused: the error says what to do instead" },
      ]),
    ),
  },
  async run(input, terminal) {
    refuse(input.flags);
    // Every flag's `parse` and `choices` give what the option of the same name holds.
    const flags = input.flags as Partial<RetrainOptions> & { readonly printMisclassifiedTestImages?: boolean };
    const outputs = { ...DEFAULT_FILES, ...picked(flags, Object.keys(DEFAULT_FILES)) };
    if (/\.pb$/i.test(outputs.outputGraph))
      terminal.onWarning(`${outputs.outputGraph} will hold an ONNX model, not a frozen TensorFlow graph: name it .onnx`);
    const result = await retrainLastLayer({
      ...picked(flags, Object.keys(RETRAIN_FLAGS)),
      ...backboneOptions(input),
      ...outputs,
      seed: flags.seed,
      force: flags.force === true,
      onStep: (report) => sayStep(report, terminal),
      ...workOf(terminal),
    });
    const { task, head, classes, counts, test, testCount, misclassified, classifier } = result;
    // With --json, stdout is for the one line that programs read.
    const print = terminal.json ? terminal.say : terminal.print;
    if (testCount === 0) print("No image belongs to the test part: there is no final test.");
    else print(`Final test accuracy = ${percent(test.accuracy)} (N=${testCount})`);
    if (flags.printMisclassifiedTestImages) {
      print("=== MISCLASSIFIED TEST IMAGES ===");
      for (const { file, decided } of misclassified)
        print(`${printable(file).padStart(70)}  ${decided.map(printable).join(", ") || "(no label)"}`);
    }
    if (terminal.json) {
      terminal.print(JSON.stringify({ task, head, classes, counts, test, classifier }));
      return;
    }
    print(`Save final result to : ${classifier}`);
    if (result.input === "image") print(`try         sigmax predict ${classifier} <images>`);
  },
};

function refuse(flags: Readonly<Record<string, unknown>>): void {
  for (const [key, { flag, hint }] of Object.entries(REFUSED)) {
    if (flags[key] !== undefined)
      throw new UserError("usage", `${flag} is a flag of retrain.py that sigmax does not have`, { hint });
  }
}

function sayStep({ step, trainAccuracy, crossEntropy, validation }: StepReport, { say }: Pick<Terminal, "say">): void {
  say(`Step ${step}: Train accuracy = ${percent(trainAccuracy)}`);
  say(`Step ${step}: Cross entropy = ${crossEntropy.toFixed(6)}`);
  if (validation !== undefined)
    say(`Step ${step}: Validation accuracy = ${percent(validation.accuracy)} (N=${validation.count})`);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

function picked(flags: Readonly<Record<string, unknown>>, keys: readonly string[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(keys.filter((key) => flags[key] !== undefined).map((key) => [key, flags[key]]));
}

function positive(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value) || value <= 0) throw new Error("expected a number above 0");
  return value;
}
