"""An exporter in a package of its own: a new estimator type needs no new engine and no new server.

A wheel is really installed (by pip, from a file made here) with an estimator and the entry point of
its exporter. A process that has it packs; a process that has never heard of it scores.
"""

import base64
import hashlib
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest

ESTIMATOR = '''
"""Hinge features: how far each column is above its median."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_array


class Hinges(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.n_features_in_ = X.shape[1]
        self.medians_ = np.median(X, axis=0)
        return self

    def transform(self, X):
        return np.maximum(check_array(X) - self.medians_, 0.0)
'''
EXPORTER = """
import numpy as np
from bascule.export import exporter
from hinges import Hinges


@exporter(Hinges)
def hinges(step, x, graph):
    x = graph.add("subtract", graph.validate(step, x), by=step.medians_)
    return graph.add("clip", x, low=np.zeros(x.width), high=np.full(x.width, np.inf))
"""
PACK = """
import sys
import bascule, numpy as np
from hinges import Hinges
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
X = np.random.default_rng(5).normal(size=(50, 2))
model = make_pipeline(Hinges(), LogisticRegression()).fit(X, (X[:, 0] > 0).astype(int))
bascule.pack(model, X).save(sys.argv[1])
np.save(sys.argv[2], model.predict_proba(X))
"""


def wheel(folder):
    """hinges-1.0-py3-none-any.whl, as any build backend would make it."""
    info = "hinges-1.0.dist-info"
    files = {
        "hinges.py": ESTIMATOR,
        "hinges_bascule.py": EXPORTER,
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: hinges\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\n"
        "Tag: py3-none-any\n",
        f"{info}/entry_points.txt": "[bascule.exporters]\nhinges = hinges_bascule\n",
    }
    record = []
    for name, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=")
        record.append(f"{name},sha256={digest.decode()},{len(text.encode())}")
    files[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""])
    path = folder / "hinges-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("plugin")
    site = folder / "site"
    install = ["-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", site]
    subprocess.run([sys.executable, *install, wheel(folder)], check=True)
    return site


def test_a_new_estimator_type_is_scored_by_an_engine_that_never_heard_of_it(installed, tmp_path):
    import bascule

    package, answers = tmp_path / "hinges.bascule", tmp_path / "answers.npy"
    path = os.pathsep.join([str(installed), *sys.path])
    subprocess.run(
        [sys.executable, "-c", PACK, package, answers],
        env={**os.environ, "PYTHONPATH": path},
        check=True,
    )
    with pytest.raises(ModuleNotFoundError):
        __import__("hinges")
    scorer = bascule.load(package)
    X = np.random.default_rng(5).normal(size=(50, 2))
    np.testing.assert_allclose(scorer.predict_proba(X), np.load(answers), rtol=1e-14)
    assert [node["op"] for node in scorer.inspect()["graph"]][:3] == [
        "check_finite",
        "subtract",
        "clip",
    ]


def test_without_its_exporter_the_estimator_is_refused_by_name(installed):
    code = PACK.replace(
        "import bascule",
        "import importlib.metadata as m\nm.entry_points = lambda **_: []\nimport bascule",
    )
    path = os.pathsep.join([str(installed), *sys.path])
    run = subprocess.run(
        [sys.executable, "-c", code, "unused", "unused"],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "pipeline step 'hinges' -> Hinges: no exporter. Register one with" in run.stderr
