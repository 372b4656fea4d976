"""The networks of the training benchmark as PyTorch modules, and how to write one as an ONNX file.

usage: torch_networks.py <name> <size px> <classes> <file.onnx> [seed]
The file holds the network before training, batch norm not folded, input `image` [N, 3, size, size], output `logits` [N, classes].
"""
import sys

import torch
from torch import nn


def conv_norm(inputs, outputs, kernel, stride=1, groups=1, act=None):
    layers = [nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs)]
    return nn.Sequential(*layers, *([act(inplace=True)] if act else []))


class BasicBlock(nn.Module):
    """Two 3x3 convolutions around a shortcut (He et al. 2016), projected where size or width changes."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = conv_norm(inputs, outputs, 3, stride, act=nn.ReLU)
        self.second = conv_norm(outputs, outputs, 3)
        same = stride == 1 and inputs == outputs
        self.shortcut = nn.Identity() if same else conv_norm(inputs, outputs, 1, stride)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x):
        y = self.second(self.first(x))
        y += self.shortcut(x)
        return self.act(y)


def head(width, classes):
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, classes)]


def resnet18_w32(classes):
    """ResNet-18 of base width 32 for small images: stem 3x3 with stride 1, no max pool."""
    layers, inputs = [conv_norm(3, 32, 3, act=nn.ReLU)], 32
    for outputs, stride in [(32, 1), (64, 2), (128, 2), (256, 2)]:
        layers += [BasicBlock(inputs, outputs, stride), BasicBlock(outputs, outputs, 1)]
        inputs = outputs
    return nn.Sequential(*layers, *head(inputs, classes))


def resnet9(classes):
    """Eight convolutions with two shortcuts and pooling between, and a linear layer (Page 2018), of base width 32."""

    class Residual(nn.Module):
        def __init__(self, width):
            super().__init__()
            self.body = nn.Sequential(conv_norm(width, width, 3, act=nn.ReLU), conv_norm(width, width, 3, act=nn.ReLU))

        def forward(self, x):
            return x + self.body(x)

    def pooled(inputs, outputs):
        return [conv_norm(inputs, outputs, 3, act=nn.ReLU), nn.MaxPool2d(2)]

    layers = [conv_norm(3, 32, 3, act=nn.ReLU), *pooled(32, 64), Residual(64), *pooled(64, 128), *pooled(128, 256), Residual(256)]
    return nn.Sequential(*layers, *head(256, classes))


def make_divisible(value, divisor=8):
    """The nearest multiple of the divisor that is not more than a tenth below (Sandler et al. 2018, as in torchvision)."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


class InvertedResidual(nn.Module):
    def __init__(self, inputs, outputs, stride, expand):
        super().__init__()
        hidden = inputs * expand
        expansion = [conv_norm(inputs, hidden, 1, act=nn.ReLU6)] if expand != 1 else []
        self.body = nn.Sequential(*expansion, conv_norm(hidden, hidden, 3, stride, hidden, nn.ReLU6), conv_norm(hidden, outputs, 1))
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


def mobilenetv2(classes, width=1.0):
    """MobileNetV2 with the rows of its paper's table 2; without the dropout before the head, which would only blur a comparison."""
    inputs = make_divisible(32 * width)
    layers = [conv_norm(3, inputs, 3, 2, act=nn.ReLU6)]
    rows = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    for expand, channels, count, stride in rows:
        for i in range(count):
            outputs = make_divisible(channels * width)
            layers.append(InvertedResidual(inputs, outputs, stride if i == 0 else 1, expand))
            inputs = outputs
    last = make_divisible(1280 * max(1.0, width))
    return nn.Sequential(*layers, conv_norm(inputs, last, 1, act=nn.ReLU6), *head(last, classes))


NETWORKS = {"resnet18-w32": resnet18_w32, "resnet9": resnet9, "mobilenetv2-1.0": mobilenetv2}


def build(name, classes, seed=0):
    """A network with He's initial weights (fan out) and a small random head; BatchNorm epsilon 1e-5, momentum 0.1."""
    torch.manual_seed(seed)
    net = NETWORKS[name](classes)
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out")
        elif isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, 0, 0.01)
            nn.init.zeros_(module.bias)
    return net


def export(name, size, classes, path, seed=0):
    # Tensors that begin equal, as all scales of batch norm do, are different parameters all the same.
    torch._C._jit_pass_onnx_deduplicate_initializers = lambda graph, tensors, training: tensors
    image = torch.zeros(2, 3, size, size)
    options = dict(training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False, opset_version=13)
    names = dict(input_names=["image"], output_names=["logits"], dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}})
    torch.onnx.export(build(name, classes, seed).eval(), image, path, **options, **names)


if __name__ == "__main__":
    export(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], int(sys.argv[5]) if len(sys.argv) > 5 else 0)
