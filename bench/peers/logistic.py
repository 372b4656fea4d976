"""scikit-learn's multinomial LogisticRegression (lbfgs, float32 features, OpenBLAS with 2 threads) on features from a folder.

usage: logistic.py optimum|trace|time|gap <folder> <l2> [...]
  optimum                     the least loss, in float64, from weights.f32 (K·(D+1) numbers: W, then b)
  trace <optimum>             the first iteration whose loss is within 1e-6 of it
  time <optimum> <iterations> seconds for that many iterations, and how near the loss comes
  gap <optimum>               how near weights.f32 comes
The loss is mean cross-entropy + (l2/2)|W|^2. The folder holds features.f32 [N, D], labels.i32 [N] and shape.json. The last line is JSON.
"""
import os

os.environ["OPENBLAS_NUM_THREADS"] = "2"

import json
import sys
import time
import warnings

import numpy as np
import scipy.optimize
from scipy.special import logsumexp
from sklearn.linear_model import LogisticRegression

warnings.filterwarnings("ignore")
mode, folder, l2 = sys.argv[1], sys.argv[2], float(sys.argv[3])
with open(f"{folder}/shape.json", encoding="utf-8") as file:
    N, D, K = json.load(file)
X = np.fromfile(f"{folder}/features.f32", np.float32).reshape(N, D)
y = np.fromfile(f"{folder}/labels.i32", np.int32)
onehot = np.eye(K)[y]


def loss_and_gradient(parameters, X64):
    W, b = parameters[: K * D].reshape(K, D), parameters[K * D :]
    z = X64 @ W.T + b
    total = logsumexp(z, axis=1, keepdims=True)
    slopes = (np.exp(z - total) - onehot) / N
    loss = (total[:, 0] - (z * onehot).sum(1)).mean() + l2 / 2 * (W**2).sum()
    return loss, np.concatenate([(slopes.T @ X64 + l2 * W).ravel(), slopes.sum(0)])


def loss_of(W, b, X64):
    return loss_and_gradient(np.concatenate([np.asarray(W, float).ravel(), np.asarray(b, float)]), X64)[0]


def weights():
    return np.fromfile(f"{folder}/weights.f32", np.float32).astype(float)


def model(iterations):
    return LogisticRegression(C=1 / (l2 * N), solver="lbfgs", max_iter=iterations, tol=1e-9)


if mode == "optimum":
    options = dict(maxiter=3000, maxfun=5000, maxcor=30, gtol=1e-10, ftol=1e-15)
    best = scipy.optimize.minimize(loss_and_gradient, weights(), args=(X.astype(float),), jac=True, method="L-BFGS-B", options=options)
    print(json.dumps({"loss": best.fun, "iterations": int(best.nit)}))
elif mode == "gap":
    w = weights()
    print(json.dumps({"gap": loss_of(w[: K * D].reshape(K, D), w[K * D :], X.astype(float)) / float(sys.argv[4]) - 1}))
elif mode == "trace":
    path = []
    inner = scipy.optimize.minimize

    def traced(*args, **kwargs):
        return inner(*args, **kwargs, callback=lambda x: path.append(x.copy()))

    scipy.optimize.minimize = traced
    model(2000).fit(X, y)
    X64 = X.astype(float)
    optimum = float(sys.argv[4])

    def reached(i):
        w = path[i].reshape(K, D + 1, order="F")
        return loss_of(w[:, :D], w[:, D], X64) / optimum - 1 <= 1e-6

    # The loss falls from iteration to iteration, so the first that is near enough is found by halving.
    low, high = 0, len(path) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if reached(middle) else (middle + 1, high)
    print(json.dumps({"iterations": low + 1, "reached": bool(reached(low))}))
else:
    fitted = model(int(sys.argv[5]))
    started = time.perf_counter()
    fitted.fit(X, y)
    seconds = time.perf_counter() - started
    gap = loss_of(fitted.coef_, fitted.intercept_, X.astype(float)) / float(sys.argv[4]) - 1
    print(json.dumps({"seconds": seconds, "gap": gap}))
