import { createHash } from "node:crypto";
import { type Model, writeModel } from "../../onnx/index.js";
import { graphOf } from "../../onnx/model.js";
import { tensorTypeOf } from "../../onnx/types.js";
import type { Preprocess } from "../../raster/preprocess.js";
import type { Backbone } from "../backbone.js";

/** A backbone from a graph that was built here; D is the last extent of its output. */
export function makeBackbone(id: string, graph: Model, preprocess: Preprocess): Backbone {
  const model = writeModel(graph);
  const embeddingSize = tensorTypeOf(graphOf(graph).output[0])?.shape?.at(-1);
  if (typeof embeddingSize !== "number") throw new RangeError(`the size of the embedding of ${id} is not known`);
  return { id, model, sha256: createHash("sha256").update(model).digest("hex"), preprocess, embeddingSize };
}
