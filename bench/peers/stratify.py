# Iterative stratification (Sechidis, Tsoumakas and Vlahavas 2011), sample by sample, as packages of that name do it.
# usage: stratify.py <folder> <classes> <fraction>...
import json
import sys
import time

import numpy as np

folder, classes = sys.argv[1], int(sys.argv[2])
fractions = np.array([float(text) for text in sys.argv[3:]])
labels = np.fromfile(f"{folder}/labels.i8", np.int8).reshape(-1, classes).astype(bool)
random = np.random.default_rng(1)
started = time.perf_counter()

missing = np.outer(labels.sum(0), fractions)
missing_any = len(labels) * fractions
left = np.ones(len(labels), bool)
parts = np.full(len(labels), -1)
while left.any():
    counts = labels[left].sum(0)
    if counts.any():
        label = np.where(counts > 0, counts, np.iinfo(int).max).argmin()
        samples = np.flatnonzero(left & labels[:, label])
        wanted = missing[label]
    else:
        samples = np.flatnonzero(left)
        wanted = missing_any
    for i in samples:
        best = np.flatnonzero(wanted == wanted.max())
        if len(best) > 1:
            best = best[missing_any[best] == missing_any[best].max()]
        part = best[0] if len(best) == 1 else random.choice(best)
        parts[i] = part
        missing[labels[i], part] -= 1
        missing_any[part] -= 1
        left[i] = False

seconds = time.perf_counter() - started
shares = np.array([[labels[parts == part, k].sum() / labels[:, k].sum() for part in range(len(fractions))] for k in range(classes)])
print(json.dumps({"seconds": seconds, "gap": float(np.abs(shares - fractions).max())}))
