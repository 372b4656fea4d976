import { UserError } from "../../errors.js";
import { graphOf, type Model } from "../../onnx/model.js";
import { learnableParameters, type Parameter } from "../../onnx/parameters.js";
import { upgradeOpset } from "../../onnx/upgrade.js";

/**
 * The parameters of a network that learn when its beginning is frozen: those first used at or after a node, told by its name or by
 * one of its outputs, or all but a first share of them in the order of use.
 *
 * @throws UserError `usage` when there is no such node, or nothing is left to learn
 */
export function learnedAfter(network: Model, freezeUntil: string | number | undefined): readonly Parameter[] {
  const ready = upgradeOpset(network);
  const all = learnableParameters(ready);
  if (freezeUntil === undefined) return all;
  const first = typeof freezeUntil === "number" ? nodeOfShare(all, freezeUntil) : nodeNamed(ready, freezeUntil);
  const learned = all.filter(({ node }) => node >= first);
  if (learned.length > 0) return learned;
  throw new UserError("usage", `--freeze-until ${freezeUntil}: the network has nothing to learn behind it`, {
    hint: `Name an earlier node, such as "${nameOfNode(ready, all.at(-1)?.node ?? 0)}".`,
  });
}

/** Layers count, not their parameters: weights and bias of one node are frozen together. */
function nodeOfShare(all: readonly Parameter[], share: number): number {
  const nodes = [...new Set(all.map(({ node }) => node))];
  return nodes[Math.floor(share * nodes.length)];
}

function nodeNamed(model: Model, name: string): number {
  const { node } = graphOf(model);
  const named = node.findIndex((item) => item.name === name);
  const found = named >= 0 ? named : node.findIndex(({ output }) => output.includes(name));
  if (found >= 0) return found;
  const some = learnableParameters(model).map((parameter) => nameOfNode(model, parameter.node));
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
