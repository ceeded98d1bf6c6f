"""What fit left behind, as an exporter may use it."""

from typing import Any

import numpy as np

from bascule.export import Unsupported


def float64(step: Any, attribute: str) -> Any:
    """An array of `step`; refused where it is float32: Python would compute in float32."""
    return as_float64(step, attribute, np.asarray(getattr(step, attribute)))


def as_float64(step: Any, attribute: str, values: Any) -> Any:
    """`values`, a part of `attribute`; refused as above."""
    if values.dtype != np.float64:
        raise Unsupported(
            step,
            f"{attribute} is {values.dtype}: fitted on such numbers",
            "Fit on X.astype('float64')",
        )
    return values
