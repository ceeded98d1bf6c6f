"""Linear regressors: a weighted sum of the columns, and what is made of it."""

from typing import Any

import numpy as np
from sklearn.linear_model import (
    ARDRegression,
    BayesianRidge,
    ElasticNet,
    ElasticNetCV,
    GammaRegressor,
    HuberRegressor,
    Lars,
    LarsCV,
    Lasso,
    LassoCV,
    LassoLars,
    LassoLarsCV,
    LassoLarsIC,
    LinearRegression,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    OrthogonalMatchingPursuit,
    OrthogonalMatchingPursuitCV,
    PassiveAggressiveRegressor,
    PoissonRegressor,
    QuantileRegressor,
    RANSACRegressor,
    Ridge,
    RidgeCV,
    SGDRegressor,
    TheilSenRegressor,
    TweedieRegressor,
)
from sklearn.svm import LinearSVR

from bascule.export import Exported, Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.fitted import as_float64


@exporter(
    ElasticNet,
    ElasticNetCV,
    HuberRegressor,
    Lars,
    LarsCV,
    Lasso,
    LassoCV,
    LassoLars,
    LassoLarsCV,
    LassoLarsIC,
    LinearRegression,
    LinearSVR,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLasso,
    MultiTaskLassoCV,
    OrthogonalMatchingPursuit,
    OrthogonalMatchingPursuitCV,
    PassiveAggressiveRegressor,
    QuantileRegressor,
    Ridge,
    RidgeCV,
    SGDRegressor,
    TheilSenRegressor,
)
def linear_regression(step: Any, x: Tensor | Frame, graph: Graph) -> Outputs:
    """predict = x @ coef.T + intercept, one column per target. Tier T1.

    The products are added in column order; BLAS adds them in an order of its own.
    Source: LinearModel._decision_function, BaseSGDRegressor._decision_function.
    """
    return Outputs({"predict": weighted_sum(step, x, graph)})


@exporter(ARDRegression, BayesianRidge)
def bayesian_regression(
    step: ARDRegression | BayesianRidge, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """predict as above; predict_std = sqrt(sum((d @ sigma) * d) + 1 / alpha), d = x - offset.

    ARD keeps sigma_ of the columns that were not pruned only. Tier T1.
    Source: BayesianRidge.predict and ARDRegression.predict with return_std.
    """
    predict = weighted_sum(step, x, graph)
    x = graph.validate(step, x)
    away = graph.add("subtract", x, by=np.zeros(x.width) + np.asarray(step.X_offset_))
    kept = _kept(step) if isinstance(step, ARDRegression) else np.arange(x.width)
    if len(kept):
        away = graph.add("select", away, columns=kept)
        turned = graph.add("linear", away, weights=np.asarray(step.sigma_).T)
        spread = graph.add("reduce", graph.add("combine", turned, away, how="multiply"), how="sum")
    else:
        nothing = graph.add("select", x, columns=np.array([0]))
        spread = graph.add("multiply", nothing, by=np.array([0.0]))
    variance = graph.add("add", spread, by=np.array([1.0 / step.alpha_]))
    return Outputs(
        {"predict": predict, "predict_std": graph.add("function", variance, name="sqrt")}
    )


@exporter(GammaRegressor, PoissonRegressor, TweedieRegressor)
def generalized_linear_regression(
    step: GammaRegressor | PoissonRegressor | TweedieRegressor, x: Tensor | Frame, graph: Graph
) -> Outputs:
    """predict = exp(x @ coef + intercept), or the sum itself for link='identity'. Tier T1.

    Source: _GeneralizedLinearRegressor.predict.
    """
    total = weighted_sum(step, x, graph)
    link = type(step._base_loss.link).__name__
    if link == "LogLink":
        return Outputs({"predict": graph.add("exp", total)})
    if link == "IdentityLink":
        return Outputs({"predict": total})
    raise Unsupported(step, f"link={link}", "Use link='log' or link='identity'")


@exporter(RANSACRegressor)
def ransac(step: RANSACRegressor, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The regressor that was fitted on the inliers, without the names of the columns.

    Source: RANSACRegressor.predict.
    """
    graph.check_columns(step, x)
    inner: Exported = graph.export(step.estimator_, graph.matrix(x), "estimator_")
    if not isinstance(inner, Outputs):
        raise Unsupported(step, "its regressor gives no 'predict'")
    return Outputs({name: y for name, y in inner.items() if name == "predict"}, inner.classes)


def weighted_sum(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    """x @ coef_.T + intercept_, of x as `step` lets it pass, sparse or not.

    ElasticNet and what derives from it look at no cell of a sparse matrix.
    """
    weights = coefficients(step)
    bias = np.zeros(len(weights)) + np.asarray(step.intercept_, dtype=np.float64)
    if isinstance(step, ElasticNet) and isinstance(x, Tensor) and x.kind == "csr":
        graph.check_columns(step, x)
    else:
        x = graph.validate(step, x, sparse=True)
    return graph.add("linear", x, weights=weights, bias=bias)


def coefficients(step: Any) -> Any:
    """`coef_` as [outputs, columns] of float64, dense."""
    coef = step.coef_.toarray() if hasattr(step.coef_, "toarray") else np.asarray(step.coef_)
    return np.atleast_2d(as_float64(step, "coef_", coef))


def _kept(step: ARDRegression) -> Any:
    """The columns that `sigma_` speaks of."""
    return np.flatnonzero(np.asarray(step.lambda_) < step.threshold_lambda)
