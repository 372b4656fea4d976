import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { flagName, type Terminal } from "../command.js";
import { parseCommandLine } from "../parser.js";
import { retrain } from "./retrain.js";

const folder = mkdtempSync(join(tmpdir(), "sigmax-cli-retrain-"));
const bottlenecks = join(folder, "bottlenecks");
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  for (const [k, label] of ["dry", "wet"].entries()) {
    mkdirSync(join(bottlenecks, label), { recursive: true });
    for (let i = 0; i < 40; i++) writeFileSync(join(bottlenecks, label, `${i}.jpg_m.txt`), `${k},${1 - k}`);
    // One of each class looks like the other.
    for (let i = 40; i < 50; i++) writeFileSync(join(bottlenecks, label, `${i}.jpg_m.txt`), `${1 - k},${k}`);
  }
});

let runs = 0;
async function run(...flags: string[]) {
  const parsed = parseCommandLine(["retrain", ...flags], [retrain], { version: "0", description: "", footer: "" });
  if ("text" in parsed) throw new Error(parsed.text);
  const printed: string[] = [];
  const said: string[] = [];
  const warnings: string[] = [];
  const terminal: Terminal = {
    signal: new AbortController().signal,
    json: flags.includes("--json"),
    print: (line) => printed.push(line),
    say: (line) => said.push(line),
    onProgress() {},
    onWarning: (warning) => warnings.push(warning),
  };
  await parsed.command.run(parsed.input, terminal);
  return { printed, said, warnings };
}

/** Flags that send every output to a folder of its own. */
function outputs(graph = "graph.onnx"): string[] {
  const out = join(folder, `out-${runs++}`);
  return ["--output_graph", join(out, graph), "--output_labels", join(out, "labels.txt"), "--summaries_dir", join(out, "logs")];
}

it("writes log lines as retrain.py did", async () => {
  const { printed, said } = await run(
    ...[...outputs(), "--bottleneck_dir", bottlenecks, "--image_dir", "photos"],
    ...["--how_many_training_steps", "25", "--validation_batch_size", "20", "--print_misclassified_test_images"],
  );
  const steps = said.filter((line) => line.startsWith("Step"));
  expect(steps.length).toBe(12);
  expect(steps[3]).toMatch(/^Step 10: Train accuracy = \d+\.\d%$/);
  expect(steps[4]).toMatch(/^Step 10: Cross entropy = 0\.\d{6}$/);
  expect(steps[5]).toMatch(/^Step 10: Validation accuracy = \d+\.\d% \(N=20\)$/);
  expect(steps[11]).toMatch(/^Step 24: /);
  expect(printed[0]).toMatch(/^Final test accuracy = \d+\.\d% \(N=\d+\)$/);
  expect(printed[1]).toBe("=== MISCLASSIFIED TEST IMAGES ===");
  const [, accuracy, count] = /= (.*)% \(N=(.*)\)/.exec(printed[0]) ?? [];
  const wrong = printed.slice(2).filter((line) => /^ +\S+(dry|wet)\/4\d\.jpg_m\.txt {2}(dry|wet)$/.test(line));
  expect(wrong.length).toBe(Math.round(Number(count) * (1 - Number(accuracy) / 100)));
  expect(wrong.length).toBeGreaterThan(0);
});

it("ends with one line of JSON", async () => {
  const flags = outputs();
  const { printed } = await run(...flags, "--bottleneck_dir", bottlenecks, "--how_many_training_steps", "3", "--json");
  expect(printed.length).toBe(1);
  const result = JSON.parse(printed[0]);
  expect(Object.keys(result)).toEqual(["task", "head", "classes", "counts", "test", "classifier"]);
  expect(result).toMatchObject({ task: "multiclass", head: "softmax", classes: ["dry", "wet"], classifier: flags[1] });
  expect(Object.values(result.counts).reduce((sum: number, count) => sum + Number(count), 0)).toBe(100);
  expect(result.test).toMatchObject({ accuracy: expect.any(Number), crossEntropy: expect.any(Number) });
  expect(readFileSync(flags[3], "utf8")).toBe("dry\nwet\n");
});

it("says that a .pb file will hold ONNX", async () => {
  const { warnings } = await run(...outputs("graph.pb"), "--bottleneck_dir", bottlenecks, "--how_many_training_steps", "1");
  expect(warnings.join()).toContain("graph.pb will hold an ONNX model");
});

it.each([
  ["--saved_model_dir", "--output_graph writes one ONNX file"],
  ["--tfhub_module", "--backbone rcf"],
  ["--architecture", "--backbone rcf"],
  ["--model_dir", "--backbone mobilenet.onnx"],
  ["--intermediate_output_graphs_dir", "Leave this flag out"],
  ["--intermediate_store_frequency", "Leave this flag out"],
])("%s is refused with the way to go", async (flag, hint) => {
  await expect(run(...outputs(), flag, "x")).rejects.toMatchObject({
    code: "usage",
    message: expect.stringContaining(flag),
    hint: expect.stringContaining(hint),
  });
});

it.each([
  [["--learning_rate", "0"], "expected a number above 0"],
  [["--learning_rate", "fast"], "expected a number above 0"],
  [["--how_many_training_steps", "1.5"], "expected a whole number"],
  [["--random_brightness", "101"], "expected a whole number from 0 to 100"],
  [["--final_activation", "relu"], "Allowed choices are softmax, sigmoid"],
  [["--image_dirs", "x"], "unknown option '--image_dirs'"],
])("%j is a usage error", async (flags, message) => {
  await expect(run(...flags)).rejects.toMatchObject({ code: "usage", message: expect.stringContaining(message) });
});

it("knows every flag of retrain.py", () => {
  const known = Object.entries(retrain.flags).map(([key, flag]) => flagName(key, flag));
  const flagsOfRetrainPy =
    "image_dir output_graph intermediate_output_graphs_dir intermediate_store_frequency output_labels summaries_dir how_many_training_steps learning_rate testing_percentage validation_percentage eval_step_interval train_batch_size test_batch_size validation_batch_size print_misclassified_test_images bottleneck_dir final_tensor_name flip_left_right random_crop random_scale random_brightness tfhub_module saved_model_dir";
  for (const flag of flagsOfRetrainPy.split(" ")) expect(known).toContain(`--${flag}`);
});
