"""Gaussian processes: regression and classification."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from sklearn.gaussian_process import GaussianProcessClassifier, GaussianProcessRegressor, kernels

from bascule.export import Array, Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.kernels import pairwise_kernel
from bascule.exporters.svm import per_class

# A kernel of a row and every stored row, or of a row and itself: a number when it is the same for
# every row.
Value: TypeAlias = "Tensor | float"


@exporter(GaussianProcessRegressor)
def gaussian_process_regressor(
    step: GaussianProcessRegressor, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """The mean, K alpha, and its standard deviation; both times the target's own. Tier T1.

    The variance is a difference of nearly equal numbers close to the rows of fit: its bound there
    is as wide as Python's own answers differ. Source: GaussianProcessRegressor.predict.
    """
    if not hasattr(step, "X_train_"):
        raise Unsupported(step, "not fitted: a prior", "Fit it first")
    x = graph.validate(step, x)
    process = _Process(step, step.kernel_, step.X_train_, x, graph)
    k = process.against_stored()
    mean = graph.add("linear", k, weights=np.atleast_2d(step.alpha_.T))
    scale = np.broadcast_to(np.asarray(step._y_train_std, np.float64), (mean.width,))
    shift = np.broadcast_to(np.asarray(step._y_train_mean, np.float64), (mean.width,))
    mean = graph.add("add", graph.add("multiply", mean, by=scale), by=shift)
    variance = process.variance(k, step.L_)
    variance = graph.add("clip", variance, low=np.zeros(1), high=np.full(1, np.inf))
    variance = graph.add("linear", variance, weights=(scale**2)[:, None])
    return Outputs({"predict": mean, "predict_std": graph.add("function", variance, name="sqrt")})


@exporter(GaussianProcessClassifier)
def gaussian_process_classifier(
    step: GaussianProcessClassifier, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """Two classes: the sigmoid averaged over the latent function. Tier T1.

    More: one such model for each class, or for each pair ("one_vs_one", which has no
    probabilities). Source: _BinaryGaussianProcessClassifierLaplace.predict and predict_proba,
    OneVsRestClassifier, OneVsOneClassifier.
    """
    x = graph.validate(step, x)
    if step.n_classes_ == 2:
        latent, positive = _binary(step.base_estimator_, x, graph)
        proba = graph.add("with_complement", positive)
        predict = graph.add("greater", latent, than=0.0)
        return Outputs({"predict": predict, "predict_proba": proba}, classes=step.classes_)
    pairs = [_binary(model, x, graph) for model in step.base_estimator_.estimators_]
    probabilities = graph.add("concat", *(positive for _, positive in pairs))
    if step.multi_class == "one_vs_one":
        votes = graph.add("concat", *(latent for latent, _ in pairs))
        predict = graph.add("argmax", _one_vs_one(votes, probabilities, step.n_classes_, graph))
        return Outputs({"predict": predict}, classes=step.classes_)
    total = graph.add("reduce", probabilities, how="sum")
    outputs = {
        "predict": graph.add("argmax", probabilities),
        "predict_proba": graph.add("combine", probabilities, total, how="divide"),
    }
    return Outputs(outputs, classes=step.classes_)


def _one_vs_one(votes: Tensor, confidence: Tensor, classes: int, graph: Graph) -> Tensor:
    """As per_class, with the pairs' second classes' probabilities as what is summed."""
    against = graph.add("multiply", votes, by=np.full(votes.width, -1.0))
    sums = graph.add("multiply", confidence, by=np.full(votes.width, -1.0))
    return per_class(sums, classes, graph, votes=against)


def _binary(model: Any, x: Tensor, graph: Graph) -> tuple[Tensor, Tensor]:
    """The latent mean, and the probability of the second class."""
    if not hasattr(model, "pi_"):
        raise Unsupported(model, "a class that every row of fit has", "Fit on both classes")
    process = _Process(model, model.kernel_, model.X_train_, x, graph)
    k = process.against_stored()
    mean = graph.add("linear", k, weights=(model.y_train_ - model.pi_)[None, :])
    weighted = graph.add("multiply", k, by=np.asarray(model.W_sr_, np.float64))
    weighted = graph.add("check_finite", weighted)  # as scipy.linalg.solve does
    return mean, graph.add("average_sigmoid", mean, process.variance(weighted, model.L_))


class _Process:
    """The kernel of a fitted process, as nodes."""

    def __init__(self, step: Any, kernel: Any, stored: Any, x: Tensor, graph: Graph) -> None:
        self.step, self.kernel, self.x, self.graph = step, kernel, x, graph
        self.stored = np.asarray(stored, np.float64)

    def against_stored(self) -> Tensor:
        """k(row, every stored row)."""
        k = self._against(self.kernel)
        if isinstance(k, float):
            raise Unsupported(
                self.step, "a kernel that is the same for all rows", "Add a kernel of the columns"
            )
        return k

    def variance(self, k: Tensor, lower: Array) -> Tensor:
        """k(row, row) - |v|^2, with L v = k."""
        count = len(lower)
        v = self.graph.add("solve_lower", k, lower=np.asarray(lower)[np.tril_indices(count)])
        explained = self.graph.add(
            "reduce", self.graph.add("function", v, name="square"), how="sum"
        )
        prior = self._itself(self.kernel)
        if isinstance(prior, Tensor):
            return self.graph.add("combine", prior, explained, how="subtract")
        negative = self.graph.add("multiply", explained, by=np.array([-1.0]))
        return self.graph.add("add", negative, by=np.array([prior]))

    def _against(self, kernel: Any) -> Value:
        """Source: the kernels' __call__(X, Y)."""
        whole = _composed(kernel, self._against, self.graph)
        if whole is not None:
            return whole
        if type(kernel) is kernels.ConstantKernel:
            return float(kernel.constant_value)
        if type(kernel) is kernels.WhiteKernel:
            return 0.0
        if type(kernel) in (kernels.RBF, kernels.Matern):
            return self._scaled(kernel)
        if type(kernel) is kernels.RationalQuadratic:
            scale = float(2 * kernel.alpha * kernel.length_scale**2)
            how = {"function": "rational", "scale": scale, "degree": -float(kernel.alpha)}
            return self._kernel(self.x, self.stored, distance="squared", **how)
        if type(kernel) is kernels.ExpSineSquared:
            wave = {"scale": math.pi / kernel.periodicity, "length": float(kernel.length_scale)}
            return self._kernel(
                self.x, self.stored, distance="euclidean", function="periodic", **wave
            )
        if type(kernel) is kernels.DotProduct:
            k = self._kernel(self.x, self.stored, distance="dot", function="identity")
            return self.graph.add("add", k, by=np.full(k.width, float(kernel.sigma_0) ** 2))
        if type(kernel) is kernels.PairwiseKernel:
            params = {"gamma": kernel.gamma, **(kernel.pairwise_kernels_kwargs or {})}
            return pairwise_kernel(
                self.step, kernel.metric, params, self.stored, self.x, self.graph
            )
        raise self._unknown(kernel)

    def _scaled(self, kernel: Any) -> Tensor:
        """RBF and Matern: of the columns divided by their length scales."""
        length = np.broadcast_to(
            np.squeeze(kernel.length_scale).astype(np.float64), (self.x.width,)
        )
        x, stored = self.graph.add("divide", self.x, by=length), self.stored / length
        if type(kernel) is kernels.RBF:
            return self._kernel(x, stored, distance="squared", function="exponential", scale=-0.5)
        known: dict[float, dict[str, Any]] = {
            0.5: {"function": "exponential", "scale": -1.0},
            1.5: {"function": "matern_1_5"},
            2.5: {"function": "matern_2_5"},
            math.inf: {"function": "gaussian"},
        }
        if float(kernel.nu) not in known:
            raise Unsupported(
                self.step, f"Matern(nu={kernel.nu!r})", "Use nu=0.5, 1.5, 2.5 or infinity"
            )
        return self._kernel(x, stored, distance="euclidean", **known[float(kernel.nu)])

    def _kernel(self, x: Tensor, stored: Array, **how: Any) -> Tensor:
        return self.graph.add("pairwise_kernel", x, points=np.ascontiguousarray(stored), **how)

    def _itself(self, kernel: Any) -> Value:
        """Source: the kernels' diag(X)."""
        whole = _composed(kernel, self._itself, self.graph)
        if whole is not None:
            return whole
        if type(kernel) is kernels.ConstantKernel:
            return float(kernel.constant_value)
        if type(kernel) is kernels.WhiteKernel:
            return float(kernel.noise_level)
        if type(kernel) is kernels.DotProduct:
            squares = self._norm()
            return self.graph.add("add", squares, by=np.array([float(kernel.sigma_0) ** 2]))
        if type(kernel) is kernels.PairwiseKernel:
            return self._pairwise_itself(kernel)
        return 1.0

    def _pairwise_itself(self, kernel: Any) -> Value:
        known = {"rbf": 1.0, "laplacian": 1.0, "chi2": 1.0, "additive_chi2": 0.0}
        if kernel.metric in known:
            return known[kernel.metric]
        if kernel.metric == "linear":
            return self._norm()
        raise Unsupported(
            self.step,
            f"PairwiseKernel(metric={kernel.metric!r})",
            "Use metric='rbf', 'laplacian', 'linear', 'chi2' or 'additive_chi2'",
        )

    def _norm(self) -> Tensor:
        squares = self.graph.add("function", self.x, name="square")
        return self.graph.add("reduce", squares, how="sum")

    def _unknown(self, kernel: Any) -> Unsupported:
        return Unsupported(
            self.step,
            f"the kernel {type(kernel).__name__}",
            "Use the kernels of sklearn.gaussian_process.kernels",
        )


def _composed(kernel: Any, part: Callable[[Any], Value], graph: Graph) -> Value | None:
    """Sum, Product and Exponentiation; None for other kernels."""
    if type(kernel) is kernels.Exponentiation:
        base, exponent = part(kernel.kernel), float(kernel.exponent)
        if isinstance(base, float):
            return float(base**exponent)
        return graph.add("power", base, exponent=exponent)
    if type(kernel) not in (kernels.Sum, kernels.Product):
        return None
    adds = type(kernel) is kernels.Sum
    left, right = part(kernel.k1), part(kernel.k2)
    if isinstance(left, float) and isinstance(right, float):
        return left + right if adds else left * right
    if isinstance(left, Tensor) and isinstance(right, Tensor):
        return graph.add("combine", left, right, how="add" if adds else "multiply")
    k, number = (left, right) if isinstance(left, Tensor) else (right, left)
    assert isinstance(k, Tensor)
    if adds and number == 0.0:
        return k
    return graph.add("add" if adds else "multiply", k, by=np.full(k.width, number))
