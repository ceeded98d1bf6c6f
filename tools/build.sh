#!/usr/bin/env bash
# Configures a preset and builds it; silent when it works and there is nothing to say.
#
#   tools/build.sh release -j 2 --target bascule
#
# The arguments after the preset go to `cmake --build`.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=$1
shift
log=build/configure-$preset.log
mkdir -p build
if ! cmake --preset "$preset" >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
cmake --build "build/$preset" "$@" -- --quiet
