"""BentoML with an array as input. Runs in an environment of its own.

bentoml serve bento_service:Scorer, with MODEL a joblib file of a scikit-learn model.
"""

import os

import bentoml
import joblib
import numpy as np


@bentoml.service
class Scorer:
    def __init__(self) -> None:
        self.model = joblib.load(os.environ["MODEL"])

    @bentoml.api
    def score(self, rows: np.ndarray) -> np.ndarray:
        return self.model.predict_proba(rows)
