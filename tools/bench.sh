#!/usr/bin/env bash
# Runs the programs of bench/, one after the other; each prints its ratios.
set -euo pipefail
cd "$(dirname "$0")/.."

export BASCULE_BINARY=$PWD/build/release/bascule
shopt -s nullglob
programs=(build/release/bench_*)
if [ ${#programs[@]} -eq 0 ]; then
  echo "bench/ holds no program yet"
fi
for program in "${programs[@]}"; do
  echo "== $(basename "$program")"
  "$program"
done
for script in bench/*.py; do
  echo "== $(basename "$script")"
  .venv/bin/python "$script"
done
