"""Saves a model as MLflow serves it, with a signature: mlflow_model.py MODEL.joblib FOLDER."""

import sys

import joblib
import mlflow.sklearn
import numpy as np
import pandas as pd
from mlflow.models import infer_signature

model = joblib.load(sys.argv[1])
rows = pd.DataFrame(np.zeros((2, len(model.feature_names_in_))), columns=model.feature_names_in_)
mlflow.sklearn.save_model(
    model,
    sys.argv[2],
    signature=infer_signature(rows, model.predict_proba(rows)),
    pyfunc_predict_fn="predict_proba",
    serialization_format="cloudpickle",
)
