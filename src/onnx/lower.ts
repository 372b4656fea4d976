import { type Attributes, attributesOf } from "./attributes.js";
import { GraphBuilder, type Value } from "./builder.js";
import { type Emitter, emitterOf, KERNEL_DOMAIN } from "./emitter.js";
import { UnknownExtents } from "./known.js";
import type { Layout } from "./layouts.js";
import { graphOf, isStandard, type Model, opsetOf } from "./model.js";
import { changed, type NodeProto } from "./proto.js";
import { soleReaders } from "./readers.js";
import { inferShapes } from "./shapes.js";

/** One node being rewritten, and the graph it is written into. */
export interface Site {
  readonly node: NodeProto;
  readonly attributes: Attributes;
  readonly emit: Emitter;
  /** The extents of a tensor of the graph that is rewritten. */
  shape(value: Value): readonly number[];
  /** The tensor in row-major order. */
  plain(value: Value): Value;
  /** The tensor in another order, if it is there in it already. */
  inOrder(value: Value): Value | undefined;
  /** Keeps a tensor in another order; `plain` asks `restore` for the row-major one when somebody needs it. */
  keep(value: Value, stored: Value, restore: (name: Value) => Value): void;
  /** The only node that reads a tensor, unless it is an output of the graph; undefined where there are several. */
  soleReader(value: Value): NodeProto | undefined;
  /** A node that was written together with this one. */
  absorb(node: NodeProto): void;
  /** Whether a tensor is there by now. */
  isWritten(value: Value): boolean;
}

/** Writes a node; false where it does not apply. */
export type Lowering = (site: Site) => boolean;

/** Rewrites every node of a training graph for a layout: what remains is in operators of ONNX Runtime. */
export function lower(model: Model, layout: Layout): Model {
  const source = graphOf(model);
  const known = inferShapes(source);
  const graph = new GraphBuilder({ prefix: "layout/" });
  const emit = emitterOf(graph);
  const soleReader = soleReaders(source);
  const stored = new Map<Value, { readonly name: Value; readonly restore: (name: Value) => Value }>();
  const written = new Set<Value>();
  const absorbed = new Set<NodeProto>();

  for (const info of source.input) graph.declare(info);
  graph.describe(source.valueInfo);
  for (const tensor of source.initializer) graph.keep(tensor);
  for (const { name } of [...source.input, ...source.initializer]) written.add(name);

  const plain = (value: Value): Value => {
    if (value === "" || graph.has(value)) return value;
    const other = stored.get(value);
    if (other === undefined) throw new RangeError(`there is no tensor "${value}" yet`);
    return other.restore(value);
  };
  for (const node of source.node) {
    if (absorbed.has(node)) continue;
    const site: Site = {
      node,
      attributes: attributesOf(node),
      emit,
      shape(value) {
        const shape = known.get(value)?.shape;
        if (!shape?.every((extent) => typeof extent === "number")) throw new UnknownExtents(value, shape);
        return shape;
      },
      plain,
      inOrder: (value) => stored.get(value)?.name,
      keep(value, name, restore) {
        stored.set(value, { name, restore });
        written.add(value);
      },
      soleReader,
      absorb: (other) => absorbed.add(other),
      isWritten: (value) => written.has(value),
    };
    const key = node.domain === KERNEL_DOMAIN ? `${KERNEL_DOMAIN}.${node.opType}` : node.opType;
    const rule = isStandard(node.domain) || node.domain === KERNEL_DOMAIN ? layout.lowerings : [];
    const done = rule.some((table) => Object.hasOwn(table, key) && table[key](site));
    if (!done) graph.append(changed(node, { input: node.input.map(plain) }));
    for (const name of node.output) if (name !== "") written.add(name);
  }
  for (const { name } of source.output) {
    plain(name);
    graph.output(name);
  }
  return graph.build({ name: source.name, opset: opsetOf(model) });
}
