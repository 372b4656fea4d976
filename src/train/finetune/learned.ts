import { UserError } from "../../errors.js";
import { foldShapes } from "../../onnx/fold-shapes.js";
import { graphOf, type Model } from "../../onnx/model.js";
import { learnableParameters, type Parameter, unlearnableProducts } from "../../onnx/parameters.js";
import { upgradeOpset } from "../../onnx/upgrade.js";

export interface LearnedOptions {
  /** Told which layers should learn and cannot. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/**
 * The parameters of a network that learn when its beginning is frozen: those first used at or after a node, told by its name or by
 * one of its outputs, or all but a first share of them in the order of use.
 *
 * @throws UserError `usage` when there is no such node, or nothing is left to learn
 */
export function learnedAfter(
  network: Model,
  freezeUntil: string | number | undefined,
  { onWarning }: LearnedOptions = {},
): readonly Parameter[] {
  const whole = upgradeOpset(network);
  const ready = foldShapes(whole, {});
  const all = learnableParameters(ready);
  const first =
    freezeUntil === undefined
      ? 0
      : typeof freezeUntil === "number"
        ? nodeOfShare(all, freezeUntil)
        : nodeNamed(whole, ready, freezeUntil);
  const learned = all.filter(({ node }) => node >= first);
  const frozen = unlearnableProducts(ready).filter((node) => node >= first);
  if (frozen.length > 0) onWarning?.(unlearnable(frozen.map((node) => nameOfNode(ready, node))));
  if (learned.length > 0 || freezeUntil === undefined) return learned;
  throw new UserError("usage", `--freeze-until ${freezeUntil}: the network has nothing to learn behind it`, {
    hint: `Name an earlier node, such as "${nameOfNode(ready, all.at(-1)?.node ?? 0)}".`,
  });
}

function unlearnable(names: readonly string[]): string {
  const some = names.slice(0, 4).map((name) => `"${name}"`);
  const rest = names.length > some.length ? ` and ${names.length - some.length} more` : "";
  const who = names.length === 1 ? "A layer stays as it was" : `${names.length} layers stay as they were`;
  return (
    `${who} in training: the weights of ${some.join(", ")}${rest} ` +
    "are not float32 in the file, or computed in the network. Export it in float32, with its constants folded, to let them learn."
  );
}

/** Layers count, not their parameters: weights and bias of one node are frozen together. */
function nodeOfShare(all: readonly Parameter[], share: number): number {
  const nodes = [...new Set(all.map(({ node }) => node))];
  return nodes[Math.floor(share * nodes.length)];
}

/** The first node of the folded network that stands at or after a node of the whole one. */
function nodeNamed(whole: Model, ready: Model, name: string): number {
  const { node } = graphOf(whole);
  const named = node.findIndex((item) => item.name === name);
  const found = named >= 0 ? named : node.findIndex(({ output }) => output.includes(name));
  if (found >= 0) {
    const left = new Map(graphOf(ready).node.map(({ output }, place) => [output[0], place]));
    const next = node.slice(found).find(({ output }) => left.has(output[0]));
    return left.get(next?.output[0] ?? "") ?? left.size;
  }
  const some = learnableParameters(ready).map((parameter) => nameOfNode(ready, parameter.node));
  const unique = [...new Set(some)];
  const shown = unique.filter((_, i) => i % Math.ceil(unique.length / 8) === 0);
  throw new UserError("usage", `--freeze-until ${name}: the network has no node of this name`, {
    hint: `Some of its layers, in order, are ${shown.map((item) => `"${item}"`).join(", ")}; a share such as 0.5 is right too.`,
  });
}

function nameOfNode(model: Model, index: number): string {
  const { name, output } = graphOf(model).node[index];
  return name || output[0];
}
