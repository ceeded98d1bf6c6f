"""MLPClassifier and MLPRegressor: layers of weighted sums and activations."""

from typing import Any

import numpy as np
from sklearn.neural_network import MLPClassifier, MLPRegressor

from bascule.export import Frame, Graph, Outputs, Tensor, Unsupported, exporter
from bascule.exporters.fitted import as_float64
from bascule.exporters.probabilities import label_columns


@exporter(MLPRegressor)
def mlp_regressor(step: MLPRegressor, x: Tensor | Frame, graph: Graph) -> Outputs:
    """The last layer, through exp for loss='poisson'. Tier T1.

    Source: BaseMultilayerPerceptron._forward_pass_fast, MLPRegressor.predict.
    """
    return Outputs({"predict": _last_layer(step, x, graph)})


@exporter(MLPClassifier)
def mlp_classifier(step: MLPClassifier, x: Tensor | Frame, graph: Graph) -> Outputs:
    """Two classes: a sigmoid, the second one above 0.5. More: softmax, the largest. Several labels:
    a sigmoid each, given above 0.5. Tier T1.

    Source: MLPClassifier.predict, predict_proba and predict_log_proba.
    """
    last = _last_layer(step, x, graph)
    if step._label_binarizer.y_type_.startswith("multilabel"):
        return Outputs(
            {
                **label_columns(step, last, 0.5, graph),
                "predict_proba": last,
                "predict_log_proba": graph.add("log", last),
            }
        )
    if len(step.classes_) < 2:
        raise Unsupported(step, "one class only", "Fit on rows of two classes at least")
    if last.width == 1:
        predict = graph.add("greater", last, than=0.5)
        proba = graph.add("with_complement", last)
    else:
        predict, proba = graph.add("argmax", last), last
    return Outputs(
        {
            "predict": predict,
            "predict_proba": proba,
            "predict_log_proba": graph.add("log", proba),
        },
        classes=step.classes_,
    )


def _last_layer(step: Any, x: Tensor | Frame, graph: Graph) -> Tensor:
    x = graph.validate(step, x, sparse=True)
    layers = list(zip(step.coefs_, step.intercepts_, strict=True))
    for i, (coef, intercept) in enumerate(layers):
        weights = as_float64(step, "coefs_", coef).T
        x = graph.add("linear", x, weights=weights, bias=intercept)
        x = _activated(step.activation if i + 1 < len(layers) else step.out_activation_, x, graph)
    return x


def _activated(name: str, x: Tensor, graph: Graph) -> Tensor:
    """Source: sklearn.neural_network._base.ACTIVATIONS."""
    if name == "relu":
        return graph.add("clip", x, low=np.zeros(x.width), high=np.full(x.width, np.inf))
    if name == "logistic":
        return graph.add("sigmoid", x)
    if name == "tanh":
        return graph.add("function", x, name="tanh")
    return x if name == "identity" else graph.add(name, x)  # "exp" or "softmax"
