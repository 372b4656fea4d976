import type { Tensor } from "../tensor.js";
import { graphOf, type Model } from "./model.js";
import { changed, type TensorProto } from "./proto.js";
import { tensorFrom, tensorProto } from "./tensors.js";
import { dataTypeName, FLOAT } from "./types.js";

/** The elements of a named weight. @throws RangeError when the model has no such initializer */
export function initializer(model: Model, name: string): Tensor {
  return tensorFrom(find(model, name));
}

/**
 * A model with other numbers in some float32 weights. The numbers are copied; all else, also the order of the weights, stays.
 *
 * @throws RangeError when there is no such initializer, it is not float32, or the lengths differ
 */
export function withInitializers(model: Model, values: ReadonlyMap<string, Float32Array>): Model {
  const replaced = new Map<TensorProto, TensorProto>();
  for (const [name, data] of values) {
    const proto = find(model, name);
    if (proto.dataType !== FLOAT)
      throw new RangeError(`initializer "${name}" holds ${dataTypeName(proto.dataType)}, not float32`);
    replaced.set(proto, withNumbers(proto, data));
  }
  const graph = graphOf(model);
  return changed(model, {
    graph: changed(graph, { initializer: graph.initializer.map((proto) => replaced.get(proto) ?? proto) }),
  });
}

function withNumbers(proto: TensorProto, data: Float32Array): TensorProto {
  const shape = proto.dims.map(Number);
  const count = shape.reduce((product, extent) => product * extent, 1);
  if (data.length !== count) {
    throw new RangeError(`initializer "${proto.name}" [${shape.join(", ")}] takes ${count} numbers, not ${data.length}`);
  }
  const { rawData } = tensorProto(proto.name, { dtype: "float32", shape, data });
  // The numbers may have been in the typed field, or in another file; the default is not spelled out.
  const inside = proto.dataLocation === 0 ? {} : { dataLocation: 0, externalData: [] };
  return changed(proto, { rawData, floatData: [], ...inside });
}

function find(model: Model, name: string): TensorProto {
  const proto = graphOf(model).initializer.find((candidate) => candidate.name === name);
  if (proto === undefined) throw new RangeError(`the model has no initializer "${name}"`);
  return proto;
}
