# The headline metrics as scikit-learn computes them; calibration error, which it lacks, with NumPy.
# usage: metrics.py multiclass|multilabel <folder> <classes>
import json
import sys
import time

import numpy as np
from sklearn import metrics as m

task, folder, classes = sys.argv[1], sys.argv[2], int(sys.argv[3])
labels = np.fromfile(f"{folder}/labels.i8", np.int8).reshape(-1, classes)
scores = np.fromfile(f"{folder}/probabilities.f32", np.float32).reshape(-1, classes).astype(np.float64)
decisions = np.fromfile(f"{folder}/decisions.u8", np.uint8).reshape(-1, classes)


def ece(confidences, correct, bins=15):
    index = np.clip(np.searchsorted(np.arange(bins + 1) / bins, confidences, side="left") - 1, 0, bins - 1)
    gaps = np.bincount(index, confidences, bins) - np.bincount(index, correct, bins)
    return np.abs(gaps).sum() / len(confidences)


def multiclass():
    truth, decided = labels.argmax(1), decisions.argmax(1)
    shares = scores / scores.sum(1, keepdims=True)
    return {
        "accuracy": m.accuracy_score(truth, decided),
        "balancedAccuracy": m.balanced_accuracy_score(truth, decided),
        "f1Macro": m.f1_score(truth, decided, average="macro"),
        "f1Weighted": m.f1_score(truth, decided, average="weighted"),
        "kappa": m.cohen_kappa_score(truth, decided),
        "top3Accuracy": m.top_k_accuracy_score(truth, scores, k=3, labels=np.arange(classes)),
        "aucMacro": np.mean([m.roc_auc_score(labels[:, k], scores[:, k]) for k in range(classes)]),
        "logLoss": m.log_loss(truth, shares),
        "brier": ((scores - labels) ** 2).sum(1).mean(),
        "ece": ece(scores.max(1), scores.argmax(1) == truth),
    }


def multilabel():
    precisions = m.average_precision_score(labels, scores, average=None)
    return {
        "mapMacro": precisions[labels.any(0)].mean(),
        "mapMacroAll": precisions.mean(),
        "mapMicro": m.average_precision_score(labels, scores, average="micro"),
        "aucMacro": m.roc_auc_score(labels, scores, average="macro"),
        "f1Micro": m.f1_score(labels, decisions, average="micro", zero_division=0),
        "f1Macro": m.f1_score(labels, decisions, average="macro", zero_division=0),
        "f2Macro": m.fbeta_score(labels, decisions, beta=2, average="macro", zero_division=0),
        "f1Samples": m.f1_score(labels, decisions, average="samples", zero_division=0),
        "f2Samples": m.fbeta_score(labels, decisions, beta=2, average="samples", zero_division=0),
        "hammingLoss": m.hamming_loss(labels, decisions),
        "subsetAccuracy": m.accuracy_score(labels, decisions),
        "labelRankingAp": m.label_ranking_average_precision_score(labels, scores),
        "coverageError": m.coverage_error(labels, scores),
        "rankingLoss": m.label_ranking_loss(labels, scores),
        "logLoss": m.log_loss(labels.ravel(), scores.ravel()),
        "brier": m.brier_score_loss(labels.ravel(), scores.ravel()),
        "ece": ece(scores.ravel(), labels.ravel()),
    }


started = time.perf_counter()
found = {"multiclass": multiclass, "multilabel": multilabel}[task]()
print(json.dumps({**{name: float(value) for name, value in found.items()}, "seconds": time.perf_counter() - started}))
