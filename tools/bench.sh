#!/usr/bin/env bash
# Runs the scripts of bench/, one after the other; each prints its ratios.
set -euo pipefail
cd "$(dirname "$0")/.."

for script in bench/*.py; do
  echo "== $(basename "$script")"
  .venv/bin/python "$script"
done
