import { UserError } from "../../errors.js";
import type { Model } from "../../onnx/index.js";
import { graphOf } from "../../onnx/model.js";
import { changed, newNode } from "../../onnx/proto.js";
import { FINAL_RESULT } from "../../onnx/surgery.js";

/**
 * A model with its probabilities under a second name, as one more output: `final_result` stays, since every sigmax
 * classifier has it.
 *
 * @throws UserError `usage` when the name is taken inside the graph
 */
export function withFinalTensor(model: Model, name: string): Model {
  if (name === FINAL_RESULT) return model;
  const graph = graphOf(model);
  const taken =
    [...graph.input, ...graph.initializer].some((item) => item.name === name) ||
    graph.node.some(({ output }) => output.includes(name));
  const probabilities = graph.output.find((output) => output.name === FINAL_RESULT);
  if (taken || probabilities === undefined) {
    throw new UserError("usage", `--final_tensor_name ${name}: the graph has a tensor of this name`, {
      hint: "Choose another name.",
    });
  }
  const copy = newNode({ opType: "Identity", name, input: [FINAL_RESULT], output: [name] });
  return changed(model, {
    graph: changed(graph, { node: [...graph.node, copy], output: [...graph.output, changed(probabilities, { name })] }),
  });
}
