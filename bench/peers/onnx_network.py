"""A torch module that runs the nodes of an ONNX file: the same network, from the same weights, on PyTorch.

Parameters are what feeds weight and bias of Conv, Gemm and MatMul, and scale and bias of BatchNormalization, under their ONNX names. A
BatchNormalization straight behind the input is preprocessing and stays as it is; the others use statistics of the batch while
training and keep running ones with the given momentum (PyTorch's: the share of the new).
"""
import numpy as np
import torch
import torch.nn.functional as F

from onnx_file import read_graph

# Operators and which of their inputs are learned.
LEARNED = {"Conv": (1, 2), "Gemm": (1, 2), "MatMul": (1,), "BatchNormalization": (1, 2)}
# Outputs of these are not needed for their own gradient, so that the activation behind them may overwrite them, as torchvision's do.
OVERWRITABLE = {"Conv", "BatchNormalization", "Add"}


def split_pads(pads):
    """ONNX pads (all begins, then all ends) of the last two axes as [(top, bottom), (left, right)]."""
    half = len(pads) // 2
    if any(pads[axis] or pads[half + axis] for axis in range(half - 2)):
        raise ValueError(f"only height and width can be padded, not {pads}")
    return [(pads[axis], pads[half + axis]) for axis in (half - 2, half - 1)]


def window_pads(attributes, shape, kernel):
    """Padding of a convolution or pooling as [(top, bottom), (left, right)]."""
    auto = attributes.get("auto_pad", "NOTSET")
    if auto == "NOTSET":
        return split_pads(attributes.get("pads", [0, 0, 0, 0]))
    if auto == "VALID":
        return [(0, 0), (0, 0)]
    strides, dilations = attributes.get("strides", [1, 1]), attributes.get("dilations", [1, 1])
    pads = []
    for size, k, stride, dilation in zip(shape[2:], kernel, strides, dilations):
        total = max(0, (-(-size // stride) - 1) * stride + (k - 1) * dilation + 1 - size)
        less, more = total // 2, total - total // 2
        pads.append((less, more) if auto == "SAME_UPPER" else (more, less))
    return pads


def padded(x, pads, value=0.0):
    """x and the symmetric padding that is left to the operator; what is not symmetric is padded here."""
    if all(begin == end for begin, end in pads):
        return x, [begin for begin, _ in pads]
    (top, bottom), (left, right) = pads
    return F.pad(x, (left, right, top, bottom), value=value), [0, 0]


def conv(net, node, x, weight, bias=None):
    x, padding = padded(x, window_pads(node.attributes, x.shape, weight.shape[2:]))
    strides, dilations = node.attributes.get("strides", [1, 1]), node.attributes.get("dilations", [1, 1])
    return F.conv2d(x, weight, bias, strides, padding, dilations, node.attributes.get("group", 1))


def batch_norm(net, node, x, scale, bias, mean, variance):
    training = net.training and not net.is_fixed(node)
    return F.batch_norm(x, mean, variance, scale, bias, training, net.momentum, node.attributes.get("epsilon", 1e-5))


def clip(net, node, x, low=None, high=None):
    low = node.attributes.get("min", -np.inf) if low is None else float(low)
    high = node.attributes.get("max", np.inf) if high is None else float(high)
    return (F.hardtanh_ if net.may_overwrite(node) else F.hardtanh)(x, low, high)


def pad(net, node, x, pads=None, value=None):
    if node.attributes.get("mode", "constant") != "constant":
        raise ValueError(f"Pad {node.name}: only the mode constant is known")
    pads = node.attributes["pads"] if pads is None else [int(n) for n in pads]
    (top, bottom), (left, right) = split_pads(pads)
    value = node.attributes.get("value", 0.0) if value is None else float(value)
    return F.pad(x, (left, right, top, bottom), value=value) if top or bottom or left or right else x


def max_pool(net, node, x):
    kernel, strides = node.attributes["kernel_shape"], node.attributes.get("strides", [1, 1])
    x, padding = padded(x, window_pads(node.attributes, x.shape, kernel), -np.inf)
    return F.max_pool2d(x, kernel, strides, padding, ceil_mode=bool(node.attributes.get("ceil_mode", 0)))


def average_pool(net, node, x):
    kernel, strides = node.attributes["kernel_shape"], node.attributes.get("strides", [1, 1])
    pads = window_pads(node.attributes, x.shape, kernel)
    counted = bool(node.attributes.get("count_include_pad", 0))
    if not counted and any(begin != end for begin, end in pads):
        raise ValueError(f"AveragePool {node.name}: padding {pads} is not symmetric")
    x, padding = padded(x, pads)
    return F.avg_pool2d(x, kernel, strides, padding, bool(node.attributes.get("ceil_mode", 0)), counted)


def gemm(net, node, a, b, c=None):
    at = node.attributes
    product = (a.t() if at.get("transA", 0) else a) @ (b.t() if at.get("transB", 0) else b) * at.get("alpha", 1.0)
    return product if c is None else product + c * at.get("beta", 1.0)


def gather(net, node, x, indices):
    return x.index_select(node.attributes.get("axis", 0) % x.dim(), torch.as_tensor(np.atleast_1d(indices), dtype=torch.long))


def reduce_mean(net, node, x, axes=None):
    axes = node.attributes["axes"] if axes is None else [int(n) for n in axes]
    return x.mean(axes, keepdim=bool(node.attributes.get("keepdims", 1)))


OPERATORS = {
    "Conv": conv,
    "BatchNormalization": batch_norm,
    "Relu": lambda net, node, x: (F.relu_ if net.may_overwrite(node) else F.relu)(x),
    "Clip": clip,
    "Pad": pad,
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "GlobalAveragePool": lambda net, node, x: x.mean((2, 3), keepdim=True),
    "ReduceMean": reduce_mean,
    "Flatten": lambda net, node, x: x.flatten(node.attributes.get("axis", 1)),
    "Reshape": lambda net, node, x, shape: x.reshape([x.shape[i] if n == 0 else int(n) for i, n in enumerate(shape)]),
    "Gemm": gemm,
    "MatMul": lambda net, node, a, b: a @ b,
    "Add": lambda net, node, a, b: a + b,
    "Sub": lambda net, node, a, b: a - b,
    "Mul": lambda net, node, a, b: a * b,
    "Div": lambda net, node, a, b: a / b,
    "Concat": lambda net, node, *xs: torch.cat(xs, node.attributes["axis"]),
    "Gather": gather,
    "Identity": lambda net, node, x: x,
    "Dropout": lambda net, node, x, *_: x,
}


class OnnxNetwork(torch.nn.Module):
    """The network of an ONNX file up to one of its outputs (the first, unless named), with one input [N, C, H, W]."""

    def __init__(self, path, output=None, momentum=0.1):
        super().__init__()
        graph = read_graph(path)
        self.momentum, self.output = momentum, output or graph.outputs[0]
        (self.input,) = graph.inputs
        constants = dict(graph.initializers)
        constants.update({node.outputs[0]: node.attributes["value"] for node in graph.nodes if node.op == "Constant"})
        self.nodes = self._needed([node for node in graph.nodes if node.op != "Constant"])
        unknown = sorted({node.op for node in self.nodes} - set(OPERATORS))
        if unknown:
            raise ValueError(f"{path}: operators {unknown} are not known here")
        self.producer = {name: node for node in self.nodes for name in node.outputs}
        used = {name for node in self.nodes for name in node.inputs if name in constants}
        # Integers (pads, shapes, indices) and lone numbers (limits of Clip) steer operators; the rest are tensors of the network.
        self.steering = {name: constants[name] for name in used if constants[name].dtype.kind != "f" or constants[name].ndim == 0}
        learned = {
            node.inputs[i]
            for node in self.nodes
            if node.op in LEARNED and not (node.op == "BatchNormalization" and self.is_fixed(node))
            for i in LEARNED[node.op]
            if i < len(node.inputs)
        }
        # Behind a MatMul the bias is an Add's constant vector.
        for node in self.nodes:
            if node.op == "Add" and any(self.producer.get(name, node).op == "MatMul" for name in node.inputs):
                learned.update(name for name in node.inputs if name in constants)
        # In the order of the nodes, so that both sides can go through them alike.
        self.keys = {}
        for name in dict.fromkeys(name for node in self.nodes for name in node.inputs):
            if name not in used or name in self.steering:
                continue
            key = name.replace(".", "/")
            self.keys[name] = key
            if name in learned:
                self.register_parameter(key, torch.nn.Parameter(torch.from_numpy(constants[name])))
            else:
                self.register_buffer(key, torch.from_numpy(constants[name]))
        # Values are let go after their last use, so that only what the gradient needs stays in memory.
        last = {name: i for i, node in enumerate(self.nodes) for name in node.inputs}
        self.released = [[name for name, at in last.items() if at == i] for i in range(len(self.nodes))]
        self.uses = {}
        for node in self.nodes:
            for name in node.inputs:
                self.uses[name] = self.uses.get(name, 0) + 1

    def _needed(self, nodes):
        wanted, kept = {self.output}, []
        for node in reversed(nodes):
            if wanted & set(node.outputs):
                kept.append(node)
                wanted.update(node.inputs)
        return kept[::-1]

    def is_fixed(self, node):
        """Whether a BatchNormalization is preprocessing: straight behind the input."""
        name = node.inputs[0]
        while name in self.producer and self.producer[name].op == "Identity":
            name = self.producer[name].inputs[0]
        return name == self.input

    def may_overwrite(self, node):
        """Whether nobody else reads the input of an activation."""
        name = node.inputs[0]
        return self.uses[name] == 1 and name in self.producer and self.producer[name].op in OVERWRITABLE

    def named(self):
        """Parameters by their ONNX names, in the order of the nodes."""
        return {name: self._parameters[key] for name, key in self.keys.items() if key in self._parameters}

    def value(self, name):
        if name in self.steering:
            return self.steering[name]
        key = self.keys[name]
        return self._parameters[key] if key in self._parameters else self._buffers[key]

    def forward(self, x):
        values = {self.input: x}
        for node, released in zip(self.nodes, self.released):
            inputs = [None if name == "" else values[name] if name in values else self.value(name) for name in node.inputs]
            result = OPERATORS[node.op](self, node, *inputs)
            del inputs
            for name in released:
                if name != self.output:
                    values.pop(name, None)
            values[node.outputs[0]] = result
        return values[self.output]
