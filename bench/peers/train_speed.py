"""Seconds per training step on PyTorch: forward, softmax cross-entropy, backward, SGD with momentum 0.9; random images and classes.

usage: train_speed.py <network> <batch> <size px> [--layout nchw|channels_last] [--threads 2] [--steps 10 | --serve]
The network is a name of torch_networks.py or an ONNX file that ends in logits. After two steps to warm up the last line is JSON: the
median seconds of a step, those of each, the last loss, and the peak of resident memory. With --serve every line read, a number of
steps, is answered by such a line, so that a benchmark can alternate with this process; {"ready": 1} comes first.
"""
import argparse
import json
import resource
import statistics
import sys
import time

import torch
import torch.nn.functional as F

from onnx_network import OnnxNetwork
from torch_networks import build

WARM_UP = 2


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("network")
    parser.add_argument("batch", type=int)
    parser.add_argument("size", type=int)
    parser.add_argument("--layout", choices=["nchw", "channels_last"], default="nchw")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--output", help="of the ONNX file, where logits are not its first")
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--serve", action="store_true")
    return parser.parse_args()


def peak_mb():
    """The high-water mark of this process alone: ru_maxrss also counts what the process that started it had."""
    try:
        with open("/proc/self/status", encoding="utf-8") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1000
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def trainer(o):
    """A function that does one step and gives its loss."""
    torch.set_num_threads(o.threads)
    torch.manual_seed(0)
    memory = torch.channels_last if o.layout == "channels_last" else torch.contiguous_format
    net = OnnxNetwork(o.network, o.output) if o.network.endswith(".onnx") else build(o.network, o.classes)
    net = net.to(memory_format=memory).train()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9)
    images = torch.randn(o.batch, 3, o.size, o.size).to(memory_format=memory)
    classes = torch.randint(o.classes, (o.batch,))

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(net(images), classes)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def timed(step, count):
    seconds, loss = [], 0.0
    for _ in range(count):
        started = time.perf_counter()
        loss = step()
        seconds.append(time.perf_counter() - started)
    return {"seconds": statistics.median(seconds), "steps": seconds, "loss": loss, "peakMb": peak_mb(), "torch": torch.__version__}


if __name__ == "__main__":
    chosen = options()
    one = trainer(chosen)
    for _ in range(WARM_UP):
        one()
    if chosen.serve:
        print(json.dumps({"ready": 1}), flush=True)
        for line in sys.stdin:
            print(json.dumps(timed(one, int(line))), flush=True)
    else:
        print(json.dumps(timed(one, chosen.steps)))
