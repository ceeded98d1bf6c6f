"""FastAPI as one writes it by hand: typed fields, no access log. Runs in an environment of its own.

uvicorn fastapi_app:app, with MODEL a joblib file of a scikit-learn model of 30 columns.
"""

from __future__ import annotations

import os
from typing import Any

import joblib
import numpy as np
from fastapi import FastAPI
from pydantic import create_model

MODEL = joblib.load(os.environ["MODEL"])
NAMES = list(MODEL.feature_names_in_)
FIELDS: dict[str, Any] = dict.fromkeys(NAMES, (float, ...))
Row = create_model("Row", **FIELDS)
app = FastAPI()

# Names were checked by the fields already.
del MODEL.steps[0][1].feature_names_in_


async def score(row: Row) -> dict[str, float]:  # type: ignore[valid-type]
    values = np.array([[getattr(row, name) for name in NAMES]])
    return {"score": float(MODEL.predict_proba(values)[0, 1])}


score.__annotations__["row"] = Row
app.post("/score")(score)
