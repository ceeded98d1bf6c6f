"""The environment of the peers, build/peers: made when it is not there or its pins changed.

It holds what Bascule's own test environment holds, in the same versions, and the peers below; none
of them is ever a dependency of the product.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "peers"
PYTHON = FOLDER / "bin" / "python"
LOCALES = FOLDER / "locales"
VARIABLES = {"LOCPATH": str(LOCALES), "OMP_NUM_THREADS": "1"}
PINS = [
    "lleaves==1.3.0",
    "llvmlite==0.44.0",  # the last that lleaves works with
    "onnx==1.23.2",
    "onnxmltools==1.16.0",
    "onnxruntime==1.32.0",
    "skl2onnx==1.20.0",
    "tl2cgen==1.0.0",
    "treelite==4.8.1",
    "ydf==0.16.1",
]


def ensure() -> None:
    stamp = FOLDER / "pins"
    if stamp.exists() and stamp.read_text() == "\n".join(PINS):
        return
    print(f"making {FOLDER.relative_to(ROOT)}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", FOLDER], check=True)
    frozen = subprocess.run(
        [sys.executable, "-m", "pip", "freeze", "--exclude", "bascule"],
        check=True, capture_output=True, text=True,
    ).stdout.split("\n")  # fmt: skip
    pins = [*PINS, *(line for line in frozen if "@" not in line and line)]
    subprocess.run([PYTHON, "-m", "pip", "install", "-q", *pins], check=True)
    make_locale()
    stamp.write_text("\n".join(PINS))


def make_locale() -> None:
    """ONNX Runtime lower-cases texts by en_US.UTF-8, which a plain Debian lacks."""
    LOCALES.mkdir(exist_ok=True)
    subprocess.run(["localedef", "-i", "en_US", "-f", "UTF-8", LOCALES / "en_US.UTF-8"], check=True)
