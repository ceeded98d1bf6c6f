"""Support vector machines: libsvm's."""

from typing import Any

import numpy as np
from sklearn.svm import SVC, SVR, NuSVC, NuSVR, OneClassSVM

from bascule.export import Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.columns import without_float32
from bascule.exporters.kernels import stored_points
from bascule.ops.kernels import pairs_of


@exporter(SVR, NuSVR)
def support_vector_regression(step: SVR | NuSVR, x: Tensor | Frame, graph: Graph) -> Outputs:
    """predict = the sum of coef * kernel over the support vectors, + intercept. Tier T1.

    Source: BaseLibSVM.predict, svm.cpp: predict_values.
    """
    return Outputs({"predict": _single_sum(step, x, graph)})


@exporter(OneClassSVM)
def one_class_svm(step: OneClassSVM, x: Tensor | Frame, graph: Graph) -> Outputs:
    """1 where the sum is above 0, else -1; score_samples adds the offset back. Tier T1.

    Source: OneClassSVM.predict, decision_function and score_samples.
    """
    decision = _single_sum(step, x, graph)
    outputs = {
        "predict": graph.add("greater", decision, than=0.0),
        "decision_function": decision,
        "score_samples": graph.add("add", decision, by=np.asarray(step.offset_, np.float64)),
    }
    return Outputs(outputs, classes=(-1, 1), kind="anomaly")


@exporter(SVC, NuSVC)
def support_vector_classifier(step: SVC | NuSVC, x: Tensor | Frame, graph: Graph) -> Outputs:
    """Votes of all pairs of classes. Tier T1; probabilities T2: libsvm's own iteration.

    decision_function is the pairs' values ("ovo"), or per class its votes and its sum of them,
    squeezed ("ovr"); of two classes the one value, turned round. predict is libsvm's vote, not the
    largest of decision_function, unless break_ties.
    Source: BaseSVC.decision_function, predict and predict_proba, _ovr_decision_function,
    svm.cpp: predict_values and predict_probability.
    """
    classes = len(step.classes_)
    ovr = step.decision_function_shape == "ovr" and classes > 2
    if step.break_ties and step.decision_function_shape == "ovo":
        raise Unsupported(
            step,
            "break_ties=True with decision_function_shape='ovo', with which Python refuses to "
            "predict",
            "Set break_ties=False",
        )
    pairs = graph.add(
        "one_vs_one",
        _kernel(step, x, graph),
        counts=np.asarray(step._n_support, np.int64),
        coef=_dual_coef(step),
        bias=np.asarray(step._intercept_, np.float64),
    )
    decision = pairs
    if classes == 2:
        decision = graph.add("multiply", pairs, by=np.array([-1.0]))
    elif ovr:
        decision = per_class(pairs, classes, graph)
    if ovr and step.break_ties:
        predict = graph.add("argmax", decision)
    else:
        predict = graph.add("argmax", graph.add("vote", pairs))
    outputs = {"predict": predict, "decision_function": decision}
    if hasattr(step, "predict_proba") and step._probA.size:
        a, b = np.asarray(step._probA, np.float64), np.asarray(step._probB, np.float64)
        proba = graph.add("couple_probabilities", pairs, a=a, b=b)
        outputs["predict_proba"] = proba
        outputs["predict_log_proba"] = graph.add("log", proba)
    return Outputs(outputs, classes=step.classes_)


def per_class(pairs: Tensor, classes: int, graph: Graph, votes: Tensor | None = None) -> Tensor:
    """votes + sum / (3 * (|sum| + 1)), from the values of pairs that speak for their first class.

    votes   what is voted with instead of the pairs' values
    Source: sklearn.utils.multiclass._ovr_decision_function(pairs < 0, -pairs, classes).
    """
    signs = np.zeros((classes, pairs.width))
    for pair, (i, j) in enumerate(pairs_of(classes)):
        signs[i, pair], signs[j, pair] = 1.0, -1.0
    total = graph.add("linear", pairs, weights=signs)
    size = graph.add("add", graph.add("absolute", total), by=np.ones(classes))
    size = graph.add("multiply", size, by=np.full(classes, 3.0))
    squeezed = graph.add("combine", total, size, how="divide")
    votes = graph.add("vote", pairs if votes is None else votes, draws=True)
    return graph.add("combine", votes, squeezed, how="add")


def _single_sum(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    return graph.add(
        "linear",
        _kernel(step, x, graph),
        weights=_dual_coef(step),
        bias=np.asarray(step._intercept_, np.float64),
    )


def _dual_coef(step: Any) -> np.ndarray:
    coef = step._dual_coef_
    return np.asarray(coef.toarray() if hasattr(coef, "toarray") else coef, np.float64)


def _kernel(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    """A column per support vector.

    libsvm computes in float64, whatever it is given. Source: BaseLibSVM._validate_for_predict,
    svm.cpp: Kernel::k_function. Its rbf adds the squared differences themselves.
    """
    vectors = step.support_vectors_
    if not isinstance(step.kernel, str) or step.kernel == "precomputed":
        shown = "'precomputed'" if isinstance(step.kernel, str) else "a function"
        raise Unsupported(step, f"kernel={shown}", "Use kernel='linear', 'poly', 'rbf', 'sigmoid'")
    x = graph.validate(step, without_float32(x, graph), sparse=True)
    if x.kind == "csr" and not step._sparse:
        raise Unsupported(
            step,
            "sparse rows, but it was fitted on dense ones, and Python refuses that",
            "Fit it on what the step before gives",
        )
    if vectors.shape[0] == 0:
        raise Unsupported(step, "no support vectors", "Fit it on more rows")
    gamma, coef0 = float(step._gamma), float(step.coef0)
    how: dict[str, Any]
    if step.kernel == "rbf":
        how = {"distance": "squared", "function": "exponential", "scale": -gamma}
    elif step.kernel == "linear":
        how = {"distance": "dot", "function": "identity"}
    else:
        how = {"distance": "dot", "function": "tanh", "scale": gamma, "shift": coef0}
    if step.kernel == "poly":
        how |= {"function": "repeated", "degree": int(step.degree)}
    return graph.add("pairwise_kernel", x, **stored_points(step, vectors, x), **how)
