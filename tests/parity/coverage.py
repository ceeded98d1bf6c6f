"""Which estimators are exported, and docs/estimators.md, which says so.

Every class that scikit-learn's discovery finds is exported, or stands in one of the two tables
below: the small print of this file is what a new release of scikit-learn makes fail first.
Write the page again with `cd tests && python -m parity.coverage`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from bascule.errors import Unsupported
from bascule.export import Frame, Graph, Outputs
from bascule.ops import TABLE
from bascule.registry import exported_classes
from bascule.schema import infer
from sklearn.base import BaseEstimator
from sklearn.utils.discovery import all_estimators

from parity.cases import CASES, REFUSED, Case

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "estimators.md"

# They answer for the rows of fit alone, so there is nothing to export.
CANNOT_SCORE = {
    "fit_predict only": "AgglomerativeClustering DBSCAN HDBSCAN OPTICS SpectralClustering",
    "embeds the rows of fit only": "ClassicalMDS MDS SpectralEmbedding TSNE",
    "biclusters of the fit's matrix": "SpectralBiclustering SpectralCoclustering",
    "estimates a covariance only": "EmpiricalCovariance GraphicalLasso GraphicalLassoCV LedoitWolf "
    "MinCovDet OAS ShrunkCovariance",
}

# Not yet: refused by name.
NOT_YET = """
ARDRegression AdaBoostClassifier AdaBoostRegressor AdditiveChi2Sampler AffinityPropagation
BaggingClassifier BaggingRegressor BayesianGaussianMixture BayesianRidge BernoulliNB BernoulliRBM
Binarizer Birch BisectingKMeans CCA CalibratedClassifierCV CategoricalNB ClassifierChain
ComplementNB DictVectorizer DictionaryLearning DummyClassifier DummyRegressor ElasticNet
ElasticNetCV EllipticEnvelope FactorAnalysis FastICA FeatureAgglomeration FeatureHasher
FeatureUnion FixedThresholdClassifier FrozenEstimator GammaRegressor GaussianMixture GaussianNB
GaussianProcessClassifier GaussianProcessRegressor GaussianRandomProjection
GenericUnivariateSelect GridSearchCV HashingVectorizer HuberRegressor IncrementalPCA
IsolationForest Isomap IsotonicRegression IterativeImputer KBinsDiscretizer KMeans KNNImputer
KNeighborsClassifier KNeighborsRegressor KNeighborsTransformer KernelCenterer KernelDensity
KernelPCA KernelRidge LabelBinarizer LabelEncoder LabelPropagation LabelSpreading Lars LarsCV
Lasso LassoCV LassoLars LassoLarsCV LassoLarsIC LatentDirichletAllocation
LinearDiscriminantAnalysis LinearSVC LinearSVR LocalOutlierFactor LocallyLinearEmbedding
LogisticRegressionCV MLPClassifier MLPRegressor MeanShift MiniBatchDictionaryLearning
MiniBatchKMeans MiniBatchNMF MiniBatchSparsePCA MultiLabelBinarizer MultiOutputClassifier
MultiOutputRegressor MultiTaskElasticNet MultiTaskElasticNetCV MultiTaskLasso MultiTaskLassoCV
MultinomialNB NMF NearestCentroid NearestNeighbors NeighborhoodComponentsAnalysis Normalizer NuSVC
NuSVR Nystroem OneClassSVM OneVsOneClassifier OneVsRestClassifier OrthogonalMatchingPursuit
OrthogonalMatchingPursuitCV OutputCodeClassifier PCA PLSCanonical PLSRegression PLSSVD
PassiveAggressiveClassifier PassiveAggressiveRegressor PatchExtractor Perceptron PoissonRegressor
PolynomialCountSketch PolynomialFeatures PowerTransformer QuadraticDiscriminantAnalysis
QuantileRegressor QuantileTransformer RANSACRegressor RBFSampler RFE RFECV
RadiusNeighborsClassifier RadiusNeighborsRegressor RadiusNeighborsTransformer RandomTreesEmbedding
RandomizedSearchCV RegressorChain RidgeCV RidgeClassifierCV SGDClassifier SGDOneClassSVM
SGDRegressor SVC SVR SelectFdr SelectFpr SelectFromModel SelectFwe SelectKBest SelectPercentile
SelfTrainingClassifier SequentialFeatureSelector SkewedChi2Sampler SparseCoder SparsePCA
SparseRandomProjection SplineTransformer StackingClassifier StackingRegressor TargetEncoder
TheilSenRegressor TransformedTargetRegressor TruncatedSVD TunedThresholdClassifierCV
TweedieRegressor VarianceThreshold VotingClassifier VotingRegressor
""".split()

# Reached by bascule itself: `pack` sums |terms| of linear models with it.
REACHED_BY_PACK = {"absolute"}

OPERATORS = ROOT / "src" / "engine" / "ops"


def discovered() -> set[str]:
    """Names of all estimators of scikit-learn, the experimental one included."""
    from sklearn.experimental import enable_iterative_imputer  # noqa: F401

    return {name for name, _ in all_estimators()}


def cannot_score() -> dict[str, str]:
    return {name: why for why, names in CANNOT_SCORE.items() for name in names.split()}


def exported() -> dict[str, type]:
    """The classes that Bascule itself exports: other tests register exporters of their own."""
    return {
        cls.__name__: cls
        for cls, run in exported_classes().items()
        if run.__module__.startswith("bascule.exporters.")
    }


@cache
def exported_case(case: Case) -> tuple[Graph, Any]:
    """The graph of a case and what its exporter gave; no engine is needed."""
    graph = Graph()
    return graph, graph.export(case.fitted, infer(case.sample.X).enter(graph))


def estimators_in(model: Any) -> Iterable[Any]:
    """A fitted model and every estimator inside it."""
    yield model
    for value in model.get_params(deep=True).values():
        if isinstance(value, BaseEstimator):
            yield value


def reached_operators() -> set[str]:
    return {node.op for case in CASES for node in exported_case(case)[0].nodes}


def operators() -> set[str]:
    """Every operator of the engine: one file each."""
    return {path.stem for path in OPERATORS.glob("*.cc") if not path.stem.endswith("_test")}


def tested_classes() -> set[str]:
    given = {type(part).__name__ for case in CASES for part in estimators_in(case.estimator)}
    return given | {type(case.fitted).__name__ for case in CASES}


def page() -> str:
    """docs/estimators.md."""
    names = sorted(exported())
    lines = [
        "# Estimators",
        "",
        "Generated from the parity suite (`cd tests && python -m parity.coverage`): every class "
        "below has cases",
        "that are packed, run by the engine and compared with Python, and each limit is a test "
        "that sees it refused",
        "by name. T0: the same bits. T1: a few units in the last place of the sum of |terms|.",
        "",
        f"{len(names)} classes are exported.",
        "",
        "| class | methods and their tier | refused by name |",
        "|---|---|---|",
    ]
    lines += [f"| `{name}` | {_methods(name)} | {_limits(name)} |" for name in names]
    lines += ["", "## Cannot score new rows", "", "| why | classes |", "|---|---|"]
    lines += [f"| {why} | {_listed(names.split())} |" for why, names in CANNOT_SCORE.items()]
    lines += [
        "",
        "## Not yet",
        "",
        "Refused by name; `@bascule.exporter` adds one without a new server.",
        "",
        _listed(NOT_YET),
        "",
    ]
    return "\n".join(lines)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _methods(name: str) -> str:
    """Methods with the weakest tier that a case of this class itself, or a step, shows."""
    tiers: dict[str, str] = {}
    for case in CASES:
        graph, _ = exported_case(case)
        for step in graph.steps:
            alone = type(case.estimator).__name__ == name or name not in _alone()
            if type(step.estimator).__name__ != name or not alone:
                continue
            result = step.result
            outputs = result if isinstance(result, Outputs) else {"transform": result}
            for method, value in outputs.items():
                tier = _tier(graph, value.tensors if isinstance(value, Frame) else [value])
                tiers[method] = max(tiers.get(method, tier), tier)
    return ", ".join(f"{method} {tier}" for method, tier in tiers.items())


@cache
def _alone() -> frozenset[str]:
    """Classes with a case of their own, whose tier no earlier step weakens."""
    return frozenset(type(case.estimator).__name__ for case in CASES)


def _tier(graph: Graph, values: list[Any]) -> str:
    needed, tiers = {x.value for x in values}, {"T0"}
    labels = all(x.kind == "i64" for x in values)
    for node in reversed(graph.nodes):
        if node.output in needed:
            needed.update(node.inputs)
            tiers.add(TABLE[node.op].tier_of(node.attrs) if node.op in TABLE else "T0")
    return "T0" if labels else max(tiers)


def _limits(name: str) -> str:
    """What the class refuses, in the words of its refusals."""
    reasons = {error.reason: None for cls, error in _refusals() if cls == name}
    return "; ".join(reasons)


@cache
def _refusals() -> list[tuple[str, Unsupported]]:
    """Of every refused case: the class that refuses, and its sentence."""
    found = []
    for case in REFUSED:
        try:
            exported_case(case)
        except Unsupported as error:
            found.append((error.where.rpartition(" -> ")[2], error))
    return found


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
