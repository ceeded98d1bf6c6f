"""One thread each: the fits are tiny, and spinning OpenMP threads only wait for each other."""

import os

for _library in ("OMP", "OPENBLAS"):
    os.environ.setdefault(f"{_library}_NUM_THREADS", "1")
