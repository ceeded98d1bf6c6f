#!/usr/bin/env bash
# Fails when an object of the archive throws: `nm` lists __cxa_throw as undefined in it.
#
#   no_throw.sh libbascule_engine.a
set -euo pipefail

found=$(nm -A --undefined-only "$1" | grep -w __cxa_throw || true)
if [ -n "$found" ]; then
  echo "$found"
  echo "the engine may not throw: use Result; no .value(), .at(), std::get, no throwing library"
  exit 1
fi
