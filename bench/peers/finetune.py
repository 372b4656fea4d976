"""Fine-tunes a network of an ONNX file, or trains it or ResNet-18-w32 from scratch, on RSSCN7: the reference recipe on PyTorch.

usage: finetune.py [--network features.onnx] [--scratch] [--train-parts train,validation] [--epochs 15] [--size 224] [--seed 1] …
AdamW (backbone 1e-3, head 3e-3), one cycle with 30 % climb, label smoothing 0.1, gradients clipped at norm 1, batches of 32 with the
last, smaller one left out, dihedral flips and random square crops. A network of a file starts with the head of its frozen features:
logistic regression, C = 0.01 on standardised features; from scratch, with PyTorch's random head. An epoch is a line of JSON; the last
line is the result.
"""
import argparse
import copy
import csv
import json
import os
import resource
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from onnx_network import OnnxNetwork
from torch_networks import resnet18_w32

DATA = os.environ.get("SIGMAX_DATA", "../shared/data")


def options():
    parser = argparse.ArgumentParser()
    add = parser.add_argument
    add("--data", default=DATA)
    add("--network", help="features as ONNX, with its preprocessing in a .json beside it")
    add("--scratch", action="store_true", help="with a new head; without --network, ResNet-18-w32 from random weights")
    add("--train-parts", default="train,validation")
    add("--epochs", type=int, default=15)
    add("--size", type=int, default=224)
    add("--seed", type=int, default=1)
    add("--batch", type=int, default=32)
    add("--lr", type=float, default=1e-3)
    add("--lr-head", type=float, default=3e-3)
    add("--decay", type=float, default=0.01)
    add("--decay-on", choices=["all", "weights"], default="all", help="weights: not on norms and biases")
    add("--bn-momentum", type=float, default=0.05)
    add("--crop", type=int, nargs=2, default=[180, 256], help="least and largest side of the square, in px of 256")
    add("--ema", type=float, default=0, help="decay of averaged weights, which are then tested too")
    add("--threads", type=int, default=2)
    add("--layout", choices=["nchw", "channels_last"], default="channels_last")
    add("--frozen-only", action="store_true")
    return parser.parse_args()


def read_images(data):
    """Every image as Pillow's RGB, its class and its part."""
    with open(f"{data}/rsscn7-split.csv", encoding="utf-8") as file:
        rows = [(row["file"], row["split"]) for row in csv.DictReader(file)]
    classes = sorted({name.split("/")[0] for name, _ in rows})
    images = []
    for name, _ in rows:
        with Image.open(f"{data}/rsscn7/{name}") as image:
            images.append(image.convert("RGB"))
    labels = np.array([classes.index(name.split("/")[0]) for name, _ in rows])
    return images, labels, np.array([part for _, part in rows]), classes


def preprocessing(network):
    """Factor, mean, deviation and order of bands of a Hugging Face preprocessor file; without one x / 127.5 - 1."""
    path = network and network.removesuffix(".onnx") + ".json"
    if not path or not os.path.exists(path):
        return lambda pixels: pixels / np.float32(127.5) - 1
    with open(path, encoding="utf-8") as file:
        p = json.load(file)
    factor = p.get("rescale_factor", 1 / 255) if p.get("do_rescale") else 1
    mean, deviation = (p["image_mean"], p["image_std"]) if p.get("do_normalize") else ([0, 0, 0], [1, 1, 1])
    mean, deviation = np.float32(mean)[:, None, None], np.float32(deviation)[:, None, None]
    order = slice(None, None, -1) if p.get("do_flip_channel_order") else slice(None)
    return lambda pixels: ((pixels * np.float32(factor) - mean) / deviation)[order]


def pixels_of(image, size, box=None):
    resized = image.resize((size, size), Image.BILINEAR, box=box)
    return np.asarray(resized, dtype=np.float32).transpose(2, 0, 1)


def augmented(image, size, crop, seed):
    """One of the eight symmetries of a random square."""
    random = np.random.default_rng(seed)
    side = random.integers(crop[0], crop[1] + 1)
    left, top = random.integers(0, image.width - side + 1), random.integers(0, image.height - side + 1)
    pixels = pixels_of(image, size, (left, top, left + side, top + side))
    if random.random() < 0.5:
        pixels = pixels.transpose(0, 2, 1)
    return np.rot90(pixels, random.integers(4), (1, 2))


def frozen_head(features, labels, classes, C=0.01):
    """Weights and bias, on features as they are, of the logistic regression on standardised ones; penalty as scikit-learn's."""
    x, y = features.double(), torch.as_tensor(labels)
    mean, spread = x.mean(0), x.std(0, unbiased=False)
    spread[spread == 0] = 1
    z = (x - mean) / spread
    weight = torch.zeros(classes, x.shape[1], dtype=torch.double, requires_grad=True)
    bias = torch.zeros(classes, dtype=torch.double, requires_grad=True)
    solver = torch.optim.LBFGS([weight, bias], max_iter=500, tolerance_grad=1e-8, tolerance_change=1e-14, line_search_fn="strong_wolfe")

    def closure():
        solver.zero_grad()
        loss = F.cross_entropy(z @ weight.t() + bias, y) + (weight**2).sum() / (2 * C * len(y))
        loss.backward()
        return loss

    solver.step(closure)
    with torch.no_grad():
        return (weight / spread).float(), (bias - (weight / spread) @ mean).float()


class Classifier(torch.nn.Module):
    def __init__(self, backbone, width, classes):
        super().__init__()
        self.backbone, self.head = backbone, torch.nn.Linear(width, classes)

    def forward(self, x):
        return self.head(self.backbone(x))


def from_scratch(seed, momentum):
    """ResNet-18-w32 up to its features."""
    torch.manual_seed(seed)
    net = resnet18_w32(1)
    for module in net.modules():
        if isinstance(module, torch.nn.Conv2d):
            torch.nn.init.kaiming_normal_(module.weight, mode="fan_out")
        elif isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = momentum
    return net[:-1]


@torch.no_grad()
def run(net, batches):
    net.eval()
    return torch.cat([net(batch) for batch in batches])


def groups(net, o):
    """Backbone and head with their learning rates, and, if asked, norms and biases without weight decay."""
    found = []
    for module, lr in [(net.backbone, o.lr), (net.head, o.lr_head)]:
        for decayed in (True, False):
            kept = [p for p in module.parameters() if (o.decay_on == "all" or p.dim() > 1) == decayed]
            if kept:
                found.append({"params": kept, "lr": lr, "weight_decay": o.decay if decayed else 0})
    return found


def average(averaged, net, decay):
    with torch.no_grad():
        for mean, now in zip(averaged.state_dict().values(), net.state_dict().values()):
            if mean.dtype.is_floating_point:
                mean.lerp_(now, 1 - decay)


def main(o):
    torch.set_num_threads(o.threads)
    torch.manual_seed(o.seed)
    memory = torch.channels_last if o.layout == "channels_last" else torch.contiguous_format
    images, labels, parts, classes = read_images(o.data)
    network = o.network or (None if o.scratch else f"{o.data}/onnx/mobilenet_v2_035_224_features.onnx")
    normalised = preprocessing(network)
    chosen = np.flatnonzero(np.isin(parts, o.train_parts.split(",")))

    def tensor(pixels):
        return torch.from_numpy(np.stack([normalised(p) for p in pixels])).to(memory_format=memory)

    def whole(rows):
        return [tensor([pixels_of(images[i], o.size) for i in rows[at : at + 64]]) for at in range(0, len(rows), 64)]

    backbone = OnnxNetwork(network, momentum=o.bn_momentum) if network else from_scratch(o.seed, o.bn_momentum)
    backbone = backbone.to(memory_format=memory)
    held = {part: np.flatnonzero(parts == part) for part in ("validation", "test")}
    features = run(backbone, whole(chosen))
    net = Classifier(backbone, features.shape[1], len(classes))
    if not o.scratch:
        weight, bias = frozen_head(features, labels[chosen], len(classes))
        net.head.weight.data, net.head.bias.data = weight, bias

    def accuracy(model, part):
        rows = held[part]
        return float((run(model, whole(rows)).argmax(1).numpy() == labels[rows]).mean())

    start = {part: accuracy(net, part) for part in held}
    print(json.dumps({"start": start, "train": len(chosen), "parameters": sum(p.numel() for p in net.parameters())}), flush=True)
    if o.frozen_only:
        return
    steps = len(chosen) // o.batch
    optimizer = torch.optim.AdamW(groups(net, o))
    rates = [group["lr"] for group in optimizer.param_groups]
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rates, total_steps=steps * o.epochs, pct_start=0.3)
    averaged = copy.deepcopy(net) if o.ema else None
    random = np.random.default_rng([o.seed, 1])

    def batch(epoch, rows):
        return tensor([augmented(images[i], o.size, o.crop, [o.seed, 2, epoch, i]) for i in rows]), torch.from_numpy(labels[rows])

    # One thread prepares a batch ahead: Pillow's resizing runs beside the interpreter.
    seconds, result = [], {}
    with ThreadPoolExecutor(1) as ahead:
        for epoch in range(o.epochs):
            order = random.permutation(chosen)[: steps * o.batch].reshape(steps, o.batch)
            started, total = time.perf_counter(), 0.0
            coming = ahead.submit(batch, epoch, order[0])
            net.train()
            for step in range(steps):
                x, y = coming.result()
                if step + 1 < steps:
                    coming = ahead.submit(batch, epoch, order[step + 1])
                loss = F.cross_entropy(net(x), y, label_smoothing=0.1)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                if averaged is not None:
                    average(averaged, net, o.ema)
                total += loss.item()
            seconds.append(time.perf_counter() - started)
            result = {"epoch": epoch + 1, "seconds": round(seconds[-1], 2), "loss": round(total / steps, 4)}
            last = epoch + 1 == o.epochs
            if last or (epoch + 1) % 5 == 0:
                result |= {part: accuracy(net, part) for part in held}
                if averaged is not None:
                    result |= {f"{part} ema": accuracy(averaged, part) for part in held}
            print(json.dumps(result), flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    rounded = {"seconds per epoch": round(float(np.median(seconds)), 2), "peakMb": round(peak)}
    print(json.dumps({**result, **rounded, "start": start, "options": vars(o), "torch": torch.__version__}), flush=True)


if __name__ == "__main__":
    main(options())
