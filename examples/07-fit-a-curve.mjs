// Gradients of any ONNX graph: the derivative of a function, then a small network that learns a damped wave from noisy points.
import { createOptimizer, float32, openSession, optimizerStep } from "sigmax";
import { GraphBuilder, gradient, gradientName, LOSS, trainingStep, writeModel } from "sigmax/onnx";

const COUNT = 64;
const HIDDEN = 24;
const STEPS = 300;

// 1. gradient: the same model with one more output, d sin(x) / dx = cos(x).
const sine = new GraphBuilder();
sine.output(sine.op("Sin", [sine.input("x", "float32", [3])], {}, "y"));
const derivative = await openSession(writeModel(gradient(sine.build(), { of: "y", by: ["x"] })));
const { [gradientName("x")]: slope } = await derivative.run({ x: float32([3], [0, 1, Math.PI]) });
console.log("d sin / dx at 0, 1 and π:", Array.from(slope.data, (value) => value.toFixed(4)).join(" "));
await derivative.close();

// 2. A network of two layers: x [N, 1] → tanh(x W₁ + b₁) W₂ + b₂. Each hidden number bends at a place of its own in 0 … 4.
const graph = new GraphBuilder();
const filled = (name, shape, at) => {
  const values = Array.from({ length: shape[0] * shape[1] }, (_, i) => at(i));
  return graph.constant(float32(shape, values), name);
};
const x = graph.input("x", "float32", ["N", 1]);
const first = [filled("w1", [1, HIDDEN], () => 2), filled("b1", [1, HIDDEN], (i) => (-8 * i) / HIDDEN)];
const last = [filled("w2", [HIDDEN, 1], () => 0), filled("b2", [1, 1], () => 0)];
graph.output(graph.op("Gemm", [graph.op("Tanh", [graph.op("Gemm", [x, ...first])]), ...last], {}, "y"));

// 3. trainingStep: forward pass, mean squared error and all gradients in ONE graph, into which the weights are fed.
const step = trainingStep(graph.build(), {
  inputs: { x: [COUNT, 1] },
  loss(graph) {
    const error = graph.op("Sub", ["y", graph.input("target", "float32", [COUNT, 1])]);
    return { loss: graph.op("ReduceMean", [graph.op("Mul", [error, error])], { keepdims: 0 }) };
  },
});
const places = Array.from({ length: COUNT }, (_, i) => (4 * i) / COUNT);
const wave = places.map((x, i) => Math.exp(-x / 2) * Math.sin(3 * x) + 0.02 * Math.sin(i * i)); // the last term is the noise
const feeds = { x: float32([COUNT, 1], places), target: float32([COUNT, 1], wave) };
for (const { name, value } of step.parameters) feeds[name] = value;
const weights = step.parameters.map(({ value }) => value.data);
const optimizer = createOptimizer("adam", weights);

const session = await openSession(writeModel(step.model));
for (let i = 0; i <= STEPS; i++) {
  const results = await session.run(feeds);
  const gradients = step.parameters.map(({ name }) => results[gradientName(name)].data);
  if (i % 50 === 0) console.log(`step ${String(i).padStart(3)}  loss ${results[LOSS].data[0].toFixed(5)}`);
  optimizerStep(optimizer, weights, gradients, { learningRate: 0.02 }); // changes the weights in place
}
await session.close();
