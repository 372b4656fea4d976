import type { DType, Tensor } from "../tensor.js";
import { type AttributeValue, attribute } from "./attributes.js";
import { constantTensor } from "./constant-node.js";
import { type Known, knownOf, ShapeError } from "./known.js";
import { graphOf, type Model } from "./model.js";
import {
  changed,
  type FunctionProto,
  type NodeProto,
  newEntry,
  newGraph,
  newModel,
  newNode,
  newOpset,
  type SparseTensorProto,
  type TensorProto,
  type ValueInfoProto,
} from "./proto.js";
import { inPlainDomain, renameGraph } from "./rename.js";
import { declarationsFor, inferNode, withDeclared } from "./shapes.js";
import { tensorFrom, tensorProto } from "./tensors.js";
import { CODE_OF, DATA_TYPES, type Shape, shapeText, tensorTypeOf, valueInfo } from "./types.js";

/** The name of a tensor inside a graph. */
export type Value = string;

/** IR version 8: what opset 15 to 17 came with, and old enough for every runtime in use. */
export const IR_VERSION = 8;

/** The operator version that graphs are written in unless told otherwise. */
export const DEFAULT_OPSET = 17;

const SMALL = 64n;

/**
 * Writes an ONNX graph node by node, checking shapes on the way.
 *
 * @example
 * const graph = new GraphBuilder();
 * const image = graph.input("image", "float32", ["N", 3, 64, 64]);
 * const pooled = graph.op("GlobalAveragePool", [image]);
 * graph.output(graph.op("Flatten", [pooled], { axis: 1 }, "embedding"));
 * const bytes = writeModel(graph.build({ name: "means" }));
 */
export class GraphBuilder {
  readonly #inputs: ValueInfoProto[] = [];
  readonly #outputs: ValueInfoProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #nodes: NodeProto[] = [];
  readonly #known = new Map<Value, Known>();
  /** Constants of few numbers, which rules may look into. */
  readonly #small = new Map<Value, TensorProto>();
  /** Operator domain → version; "" are the standard operators. */
  readonly #imports = new Map<string, number>();
  readonly #functions: FunctionProto[] = [];
  readonly #sparse: SparseTensorProto[] = [];
  /** What other graphs declare of tensors that are still to be made, and what was needed of it. */
  readonly #declared = new Map<Value, ValueInfoProto>();
  readonly #described: ValueInfoProto[] = [];

  readonly #prefix: string;

  /** @param prefix of the names that are made here, so that they cannot be those of a graph that is appended */
  constructor({ prefix = "" }: { readonly prefix?: string } = {}) {
    this.#prefix = prefix;
  }

  /** Declares a graph input; strings are symbolic extents such as the batch "N". */
  input(name: string, dtype: DType, shape: Shape): Value {
    this.#define(name, { code: CODE_OF[dtype], shape });
    this.#inputs.push(valueInfo(name, { code: CODE_OF[dtype], shape }));
    return name;
  }

  /** Adds a constant tensor (weights, or the parameters of an operator). Without a name one is made. */
  constant(tensor: Tensor, name = this.#fresh("constant")): Value {
    this.keep(tensorProto(name, tensor));
    return name;
  }

  /**
   * Adds a node and returns its first output. Name all outputs of a node that has several; "" leaves an optional input out.
   *
   * @throws RangeError when an input does not exist, a name is taken, or the shapes cannot go together
   */
  op(
    opType: string,
    inputs: readonly Value[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    outputs: Value | readonly Value[] = this.#fresh(opType.toLowerCase()),
    domain = "",
  ): Value {
    const output = typeof outputs === "string" ? [outputs] : [...outputs];
    for (const name of inputs) {
      if (name !== "" && !this.#known.has(name)) throw new RangeError(`${opType}: there is no tensor "${name}" yet`);
    }
    const node = newNode({
      opType,
      domain,
      name: output[0],
      input: [...inputs],
      output,
      attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    });
    this.append(node);
    return output[0];
  }

  /**
   * Puts a whole model into this graph. Its tensors get the prefix, except those in `names`: an input is mapped to the
   * value that feeds it, another tensor to the name it shall have here. Outputs are declared by the caller.
   *
   * @throws RangeError when an input is not mapped, a name is taken, or the operator versions differ from what is here
   */
  inline(model: Model, names: Readonly<Record<string, Value>>, prefix: string): void {
    for (const { domain, version } of model.opsetImport) this.#import(domain === "ai.onnx" ? "" : domain, Number(version));
    const rename = (name: string) => (Object.hasOwn(names, name) ? names[name] : prefix + name);
    const graph = renameGraph(graphOf(model), rename);
    for (const { name } of graph.input) this.#get(name);
    this.describe(declarationsFor(graph, (name) => this.#get(name).shape));
    for (const tensor of graph.initializer) this.keep(tensor);
    for (const { values } of graph.sparseInitializer) if (values) this.#define(values.name, {});
    for (const node of graph.node) this.append(node);
    this.#sparse.push(...graph.sparseInitializer);
    this.#functions.push(...model.functions);
  }

  /** Declares an input as another graph declares it. */
  declare(info: ValueInfoProto): void {
    this.#define(info.name, tensorTypeOf(info) ?? {});
    this.#inputs.push(info);
  }

  /** Takes over what another graph declares of the tensors between its nodes: it counts where no rule tells their shape. */
  describe(infos: readonly ValueInfoProto[]): void {
    for (const info of infos) this.#declared.set(info.name, info);
  }

  /** Keeps a constant of another graph. */
  keep(tensor: TensorProto): void {
    this.#define(tensor.name, knownOf(tensor));
    this.#initializers.push(tensor);
    this.#remember(tensor);
  }

  /** Appends a node of another graph as it is; the domain of the standard operators is "". @throws RangeError as `op` */
  append(node: NodeProto): void {
    const inferred = this.#infer(node);
    node.output.forEach((name, index) => {
      if (name === "") return;
      const declared = this.#declared.get(name);
      const known = withDeclared(inferred[index], declared);
      if (declared && known !== inferred[index]) this.#described.push(declared);
      this.#define(name, known);
    });
    const appended = inPlainDomain(node);
    this.#nodes.push(appended);
    if (appended.domain !== "" && !this.#imports.has(appended.domain)) this.#imports.set(appended.domain, 1);
    const tensor = this.#constantOf(appended);
    if (tensor) this.#remember(changed(tensor, { name: node.output[0] }));
  }

  /** Whether there is a tensor of this name. */
  has(value: Value): boolean {
    return this.#known.has(value);
  }

  /** Declares a graph output. The element type defaults to the inferred one, float32 where that is unknown. */
  output(value: Value, dtype?: DType): void {
    const { code, shape } = this.#get(value);
    this.#outputs.push(valueInfo(value, { code: dtype ? CODE_OF[dtype] : (code ?? CODE_OF.float32), shape }));
  }

  /** The inferred shape of a tensor, undefined where an operator without a rule stands before it. */
  shapeOf(value: Value): Shape | undefined {
    return this.#get(value).shape;
  }

  /** TensorProto.DataType of a tensor, where it is known. */
  typeOf(value: Value): number | undefined {
    return this.#get(value).code;
  }

  /** The numbers of a small constant, or of integers that follow from shapes; undefined for everything else. */
  numbersOf(value: Value): readonly number[] | undefined {
    const { value: integers } = this.#get(value);
    if (integers?.every((item) => typeof item === "number")) return integers;
    const proto = this.#small.get(value);
    return proto && Array.from(tensorFrom(proto).data, Number);
  }

  /** The version of the standard operators that is fixed by what was put in, if any. */
  get opset(): number | undefined {
    return this.#imports.get("");
  }

  /** The finished model. */
  build({
    opset = this.#imports.get("") ?? DEFAULT_OPSET,
    name = "graph",
    metadata = {},
  }: {
    readonly opset?: number;
    readonly name?: string;
    readonly metadata?: Readonly<Record<string, string>>;
  } = {}): Model {
    this.#import("", opset);
    return newModel({
      irVersion: BigInt(IR_VERSION),
      producerName: "sigmax",
      opsetImport: [...this.#imports].sort().map(([domain, version]) => newOpset(domain, version)),
      graph: newGraph({
        name,
        node: this.#nodes,
        initializer: this.#initializers,
        sparseInitializer: this.#sparse,
        input: this.#inputs,
        output: this.#outputs,
        valueInfo: this.#described,
      }),
      functions: this.#functions,
      metadataProps: Object.entries(metadata).map(([key, value]) => newEntry(key, value)),
    });
  }

  #import(domain: string, version: number): void {
    const present = this.#imports.get(domain) ?? version;
    if (present !== version) throw new RangeError(`operators "${domain}" are needed in version ${present} and ${version}`);
    this.#imports.set(domain, version);
  }

  /** The small constant that a node writes or copies. */
  #constantOf(node: NodeProto): TensorProto | undefined {
    const isCopy = node.domain === "" && node.opType === "Identity";
    return isCopy ? this.#small.get(node.input[0]) : constantTensor(node);
  }

  #infer(node: NodeProto): Known[] {
    try {
      return inferNode(node, this.#known);
    } catch (error) {
      if (!(error instanceof ShapeError)) throw error;
      const inputs = node.input.map((name) => `${name} ${shapeText(this.#known.get(name)?.shape)}`).join(", ");
      throw new RangeError(`${node.opType}(${inputs}): ${error.message}`, { cause: error });
    }
  }

  #get(value: Value): Known {
    const known = this.#known.get(value);
    if (known === undefined) throw new RangeError(`there is no tensor "${value}" in the graph`);
    return known;
  }

  #define(name: Value, known: Known): void {
    if (this.#known.has(name)) throw new RangeError(`the graph has a tensor "${name}" already`);
    this.#known.set(name, known);
  }

  #remember(proto: TensorProto): void {
    const isReadable = DATA_TYPES[proto.dataType]?.dtype !== undefined;
    if (isReadable && proto.dims.reduce((product, extent) => product * extent, 1n) <= SMALL) this.#small.set(proto.name, proto);
  }

  #fresh(stem: string): Value {
    for (let index = this.#nodes.length + this.#initializers.length; ; index++) {
      const name = `${this.#prefix}${stem}_${index}`;
      if (!this.#known.has(name)) return name;
    }
  }
}
