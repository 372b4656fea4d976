/**
 * `sigmax/onnx`: ONNX models as plain data. Read, write, build, check, cut, extend and differentiate them; nothing here runs a model.
 *
 * @module
 */

// Read, write, build

export type { AttributeValue } from "./attributes.js";
export { GraphBuilder, type Value } from "./builder.js";
export { initializer, withInitializers } from "./initializers.js";
export { readMetadata, withMetadata } from "./metadata.js";
export { type Model, opsetOf, readModel, writeModel } from "./model.js";
export type { Dim, Shape, TensorType } from "./types.js";

// Check, and bring into a form that is easy to work on

export { checkModel } from "./check.js";
export { foldBatchNorm } from "./fold-batch-norm.js";
export { foldShapes } from "./fold-shapes.js";
export { normalForm } from "./normal-form.js";
export { inferShapes } from "./shapes.js";
export { TRAINING_OPSET, upgradeOpset } from "./upgrade.js";

// Cut and extend

export { type Candidate, cutAt, findEmbeddings } from "./embedding.js";
export { appendHead, EMBEDDING, embeddingModel, type HeadLayer, IMAGE, lastLayer, type Normalization, views } from "./surgery.js";

// Differentiate and train

export { checkGradient, type GradientCheck, type GradientCheckOptions, type NamedTensors, type RunModel } from "./gradcheck.js";
export { type GradientOptions, gradient, gradientName } from "./gradient.js";
export { blockedLayout, type Layout, PORTABLE } from "./layouts.js";
export { namedWeights } from "./named-weights.js";
export { learnableParameters, type Parameter, unlearnableProducts } from "./parameters.js";
export { LOSS, type LossNodes, type State, type TrainingStep, type TrainingStepOptions, trainingStep } from "./training-step.js";
