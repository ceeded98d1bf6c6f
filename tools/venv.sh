#!/usr/bin/env bash
# Brings .venv up to date: Python, what an extra of pyproject.toml asks for, and the project itself.
#
#   tools/venv.sh demo             the extra `demo` and the project
#   tools/venv.sh check --no-project   the extra `check` only
#
# Stamps in .venv remember what was installed from what, so a second call only hashes the sources.
# The wheel is built in build/wheel by the compiler cache that the service uses.
set -euo pipefail
cd "$(dirname "$0")/.."

extra=${1:?usage: tools/venv.sh EXTRA [--no-project]}
project=${2:-}
python=${PYTHON:-/usr/bin/python3}
[ -x "$python" ] || python=$(command -v python3)
venv=.venv

mkdir -p build
exec 9>build/venv.lock
flock 9

if [ ! -x $venv/bin/python ] || ! $venv/bin/python -c '' 2>/dev/null; then
  echo "creating $venv with $("$python" --version)"
  rm -rf $venv
  "$python" -m venv $venv
fi

# requirements EXTRA: one requirement a line, with bascule[other] resolved.
requirements() {
  $venv/bin/python - "$1" <<'PYTHON'
import re
import sys
import tomllib

with open("pyproject.toml", "rb") as file:
    config = tomllib.load(file)
project = config["project"]


def expand(extra):
    if extra not in project["optional-dependencies"]:
        sys.exit(f"pyproject.toml has no extra '{extra}'")
    for line in project["optional-dependencies"][extra]:
        own = re.fullmatch(r"bascule\[(.*)\]", line)
        if own:
            for name in own[1].split(","):
                yield from expand(name.strip())
        else:
            yield line


lines = [*config["build-system"]["requires"], *project["dependencies"], *expand(sys.argv[1])]
print("\n".join(dict.fromkeys(lines)))
PYTHON
}

run_quietly() {
  local log
  log=$(mktemp)
  if ! "$@" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

stamp=$venv/.bascule-extra-$extra
key=$(sha256sum pyproject.toml)
if [ "$(cat "$stamp" 2>/dev/null)" != "$key" ]; then
  echo "installing the Python packages of the extra '$extra'"
  requirements "$extra" >$venv/requirements-"$extra".txt
  run_quietly $venv/bin/pip install --disable-pip-version-check \
    -r $venv/requirements-"$extra".txt
  echo "$key" >"$stamp"
fi
[ "$project" != "--no-project" ] || exit 0

stamp=$venv/.bascule-project
key=$(find pyproject.toml CMakeLists.txt cmake python src/base src/package src/engine src/evaluate \
  src/capi -type f ! -name '*_test.cc' ! -name '*.pyc' -print0 | LC_ALL=C sort -z |
  xargs -0 sha256sum | sha256sum)
if [ "$(cat "$stamp" 2>/dev/null)" != "$key" ]; then
  echo "building and installing the Python package"
  rm -f "$stamp"
  # By this name, as in CMakePresets.json: the compiler cache tells compilers apart by name.
  CXX=g++ PATH="$PWD/$venv/bin:$PATH" run_quietly $venv/bin/pip install \
    --disable-pip-version-check --no-deps --no-build-isolation --force-reinstall .
  echo "$key" >"$stamp"
fi
