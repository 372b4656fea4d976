"""Embeds the listed images with a MobileNetV2 of width 0.35 at 224 px: Pillow decodes and resizes, PyTorch computes.

usage: embed.py <list of files> <channels_last|contiguous> <loader workers> <threads>
The last line is JSON: seconds over all images, after one batch to warm up.
"""
import json
import sys
import time

import numpy as np
import torch
from PIL import Image

files = open(sys.argv[1], encoding="utf-8").read().split("\n")
layout, workers, threads = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)
torch.manual_seed(0)


def conv(cin, cout, k, s=1, g=1, act=True):
    layers = [torch.nn.Conv2d(cin, cout, k, s, k // 2, groups=g, bias=True)]  # batch norm folded, as in the exported network
    return layers + ([torch.nn.ReLU6()] if act else [])


class Block(torch.nn.Module):
    def __init__(self, cin, cout, stride, expand):
        super().__init__()
        hidden = cin * expand
        layers = conv(cin, hidden, 1) if expand != 1 else []
        self.body = torch.nn.Sequential(*layers, *conv(hidden, hidden, 3, stride, hidden), *conv(hidden, cout, 1, act=False))
        self.residual = stride == 1 and cin == cout

    def forward(self, x):
        return x + self.body(x) if self.residual else self.body(x)


def width(c):
    v = max(8, int(c * 0.35 + 4) // 8 * 8)
    return v + 8 if v < 0.9 * c * 0.35 else v


layers, cin = conv(3, width(32), 3, 2), width(32)
for t, c, n, s in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
    for i in range(n):
        layers.append(Block(cin, width(c), s if i == 0 else 1, t))
        cin = width(c)
layers += conv(cin, 1280, 1) + [torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()]
net = torch.nn.Sequential(*layers).eval()
memory = torch.channels_last if layout == "channels_last" else torch.contiguous_format
net = net.to(memory_format=memory)


class Files(torch.utils.data.Dataset):
    def __len__(self):
        return len(files)

    def __getitem__(self, i):
        with Image.open(files[i]) as image:
            pixels = np.asarray(image.convert("RGB").resize((224, 224), Image.BILINEAR), dtype=np.float32)
        return torch.from_numpy(pixels.transpose(2, 0, 1) / 127.5 - 1)


loader = torch.utils.data.DataLoader(Files(), batch_size=32, num_workers=workers)
with torch.inference_mode():
    net(torch.zeros(32, 3, 224, 224).to(memory_format=memory))
    start, rows = time.perf_counter(), 0
    for batch in loader:
        rows += net(batch.to(memory_format=memory)).shape[0]
    seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "images": rows, "torch": torch.__version__}))
