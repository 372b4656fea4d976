import { cutAt, GraphBuilder, type Model, opsetOf, readModel, type Shape, views, writeModel } from "../../onnx/index.js";
import { graphOf } from "../../onnx/model.js";
import { EMBEDDING, IMAGE } from "../../onnx/surgery.js";
import { tensorTypeOf } from "../../onnx/types.js";

/** How many flips and rotations a square has. */
export const VIEW_COUNT = 8;

/** The tensor `[8, N, D]` inside the model that `views(model, 8)` makes, before it is averaged. */
const STACKED = "views/embeddings";

/**
 * The embeddings of the 8 flips and rotations of each image, one by one: input `image` `[N, C, S, S]`, output `embedding`
 * `[N, 8, D]`. A head is trained on them as 8 rows; their mean over axis 1 is the embedding of `views(model, 8)`.
 *
 * @param model a serialised embedding model
 * @throws UserError `bad-model` when its images are not square
 */
export function perViewModel(model: Uint8Array): Uint8Array {
  const stacked = cutAt(views(readModel(model), VIEW_COUNT), STACKED);
  const graph = new GraphBuilder();
  const image = graph.input(IMAGE, "float32", imageShape(stacked));
  graph.inline(stacked, { [IMAGE]: image }, "");
  graph.output(graph.op("Transpose", [STACKED], { perm: [1, 0, 2] }, EMBEDDING));
  return writeModel(graph.build({ name: "per-view", opset: opsetOf(stacked) }));
}

function imageShape(model: Model): Shape {
  // `views` has checked that the input is there and has four axes.
  return tensorTypeOf(graphOf(model).input[0])!.shape!;
}
