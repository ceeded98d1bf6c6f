#!/usr/bin/env bash
# Packs what build/release holds: build/release/bascule_<version>_<architecture>.deb.
set -euo pipefail
cd "$(dirname "$0")/../build/release"

log=cpack.log
if ! cpack -G DEB >"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
ls "$PWD"/bascule_*.deb
