import type { Model } from "./model.js";
import { graphOf } from "./model.js";
import { changed } from "./proto.js";
import { tensorTypeOf, valueInfo } from "./types.js";
export function foldShapes(model: Model, inputs: Readonly<Record<string, readonly number[]>>): Model {
  const graph = graphOf(model);
  return changed(model, { graph: changed(graph, { input: graph.input.map((i) => inputs[i.name] ? valueInfo(i.name, { code: tensorTypeOf(i)!.code, shape: inputs[i.name] }) : i) }) });
}
