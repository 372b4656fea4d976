import { UserError } from "../errors.js";
import { type Known, UnknownExtents } from "./known.js";
import type { GraphProto } from "./proto.js";
import { inferShapes } from "./shapes.js";

/**
 * Writes what needs the extents of the tensors of a graph.
 *
 * @throws UserError `bad-model` naming the first operator that hides them, and what to do
 * @throws UnknownExtents where an input hides them
 */
export function withExtents<T>(graph: GraphProto, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw error instanceof UnknownExtents ? (hiddenBy(graph, error) ?? error) : error;
  }
}

function hiddenBy(graph: GraphProto, cause: UnknownExtents): UserError | undefined {
  const known = inferShapes(graph);
  const isTold = (item: Known | undefined) => item?.shape?.every((extent) => typeof extent === "number") ?? false;
  const node = graph.node.find(
    ({ input, output }) =>
      input.every((name) => name === "" || isTold(known.get(name))) &&
      output.some((name) => name !== "" && !isTold(known.get(name))),
  );
  if (node === undefined) return undefined;
  const name = node.name || node.output[0];
  const domain = node.domain === "" ? "" : ` of ${node.domain}`;
  return new UserError("bad-model", `the shape of what ${node.opType}${domain} (node "${name}") gives is not known here`, {
    hint:
      "Export the network with a symbolic batch and write the shapes into it with onnx.shape_inference.infer_shapes, " +
      "or take another backbone.",
    cause,
  });
}
