/**
 * `sigmax/onnx`: ONNX models as plain data. Read, write, build, check, cut and extend them; nothing here runs a model.
 *
 * @module
 */
export type { AttributeValue } from "./attributes.js";
export { GraphBuilder, type Value } from "./builder.js";
export { checkModel } from "./check.js";
export { type Candidate, cutAt, findEmbeddings } from "./embedding.js";
export { foldShapes } from "./fold-constants.js";
export { checkGradient, type GradientCheck, type GradientCheckOptions, type NamedTensors, type RunModel } from "./gradcheck.js";
export { type GradientOptions, gradient, gradientName } from "./gradient.js";
export { readMetadata, withMetadata } from "./metadata.js";
export { type Model, opsetOf, readModel, writeModel } from "./model.js";
export { normalForm } from "./normal-form.js";
export { inferShapes } from "./shapes.js";
export { appendHead, EMBEDDING, embeddingModel, type HeadLayer, IMAGE, lastLayer, type Normalization, views } from "./surgery.js";
export type { Dim, Shape, TensorType } from "./types.js";
export { TRAINING_OPSET, upgradeOpset } from "./upgrade.js";
