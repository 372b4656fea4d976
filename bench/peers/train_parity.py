"""What PyTorch computes for a network of an ONNX file: gradients in float64 and float32, running statistics, and curves of the loss.

usage: train_parity.py <folder>
The folder holds network.onnx and request.json:
  tensors    inputs [T, N, C, H, W] float32; targets [T, N, K] float32, each row summing to 1, or [T, N] int32; where the network ends in
             features also headWeight [K, D] and headBias [K]
  output     name of the output that is trained (default: the first); momentum: share of the new in running statistics (default 0.1)
  curves     [{name, optimizer: SGD|AdamW, options: of torch.optim, steps, dtype: float32|float64, layout: nchw|channels_last}], where
             float32 and nchw are the default; step t takes batch t mod T
Gradients are of batch 0, in training mode, of the mean softmax cross-entropy. answer.json is written beside: tensors
`gradient/<dtype>/<parameter>`, `running/<dtype>/<mean or variance>` after that one step, `logits/<dtype>`, `loss/<curve>` before each step.
A tensor, both ways, is {file, dtype, shape}: little-endian numbers in C order. The last line is JSON: how far float32 is from float64.
"""
import json
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F

from onnx_network import OnnxNetwork

folder = sys.argv[1]
torch.set_num_threads(2)
with open(f"{folder}/request.json", encoding="utf-8") as file:
    request = json.load(file)


def given(name):
    described = request["tensors"].get(name)
    if described is None:
        return None
    array = np.fromfile(f"{folder}/{described['file']}", described["dtype"]).reshape(described["shape"])
    return torch.from_numpy(array)


class Trained(torch.nn.Module):
    """The network, with its head if that is given apart."""

    def __init__(self):
        super().__init__()
        self.net = OnnxNetwork(f"{folder}/network.onnx", request.get("output"), request.get("momentum", 0.1))
        weight, bias = given("headWeight"), given("headBias")
        self.head = torch.nn.ParameterDict({} if weight is None else {"headWeight": weight, "headBias": bias})

    def forward(self, x):
        y = self.net(x)
        return F.linear(y, self.head["headWeight"], self.head["headBias"]) if len(self.head) else y

    def named(self):
        return {**self.net.named(), **dict(self.head.items())}

    def running(self):
        """Running means and variances, under their ONNX names."""
        nodes = [node for node in self.net.nodes if node.op == "BatchNormalization" and not self.net.is_fixed(node)]
        return {name: self.net.value(name) for node in nodes for name in node.inputs[3:5]}


def started(dtype, layout="nchw"):
    """A network as it was given, and the function that takes it to the logits and the loss of batch t."""
    memory = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    net = Trained().to(dtype).to(memory_format=memory).train()

    def loss_of(t):
        x, y = inputs[t % len(inputs)].to(dtype).to(memory_format=memory), targets[t % len(targets)]
        logits = net(x)
        return logits, F.cross_entropy(logits, y.to(dtype) if y.is_floating_point() else y.long())

    return net, loss_of


def keep(name, tensor):
    array = np.ascontiguousarray(tensor.detach().numpy())
    path = f"torch-{len(answer):04d}.bin"
    array.tofile(f"{folder}/{path}")
    answer[name] = {"file": path, "dtype": str(array.dtype), "shape": list(array.shape)}


inputs, targets = given("inputs"), given("targets")
answer, gradients = {}, {}
for dtype in (torch.float64, torch.float32):
    word = str(dtype).removeprefix("torch.")
    net, loss_of = started(dtype)
    logits, loss = loss_of(0)
    loss.backward()
    keep(f"logits/{word}", logits)
    for name, parameter in net.named().items():
        keep(f"gradient/{word}/{name}", parameter.grad)
    for name, value in net.running().items():
        keep(f"running/{word}/{name}", value)
    gradients[word] = torch.cat([parameter.grad.double().flatten() for parameter in net.named().values()])

for curve in request.get("curves", []):
    net, loss_of = started(getattr(torch, curve.get("dtype", "float32")), curve.get("layout", "nchw"))
    optimizer = getattr(torch.optim, curve["optimizer"])(net.parameters(), **curve["options"])
    losses = []
    for t in range(curve["steps"]):
        optimizer.zero_grad(set_to_none=True)
        loss = loss_of(t)[1]
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    keep(f"loss/{curve['name']}", torch.tensor(losses, dtype=torch.float64))

with open(f"{folder}/answer.json.tmp", "w", encoding="utf-8") as file:
    json.dump({"tensors": answer, "torch": torch.__version__}, file)
os.replace(f"{folder}/answer.json.tmp", f"{folder}/answer.json")
exact = gradients["float64"]
apart = (gradients["float32"] - exact).norm() / exact.norm()
print(json.dumps({"gradients": len(exact), "relativeError": apart.item(), "torch": torch.__version__}))
