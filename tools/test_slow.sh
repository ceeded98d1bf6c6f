#!/usr/bin/env bash
# The slow tests: sanitizers over every C++ test, each fuzz target for a minute, the engine on older
# processors, the slow pytests.
#
#   FUZZ_SECONDS=60 tools/test_slow.sh
#
# All parts run even if one fails; the last lines say what each gave, docs/slow-tests.md keeps them.
set -uo pipefail
cd "$(dirname "$0")/.."

jobs=${JOBS:-$(nproc)}
seconds=${FUZZ_SECONDS:-60}
result=0
summary=()

part() {  # part NAME COMMAND...
  local name=$1
  shift
  local start=$SECONDS
  echo "== $name"
  if "$@"; then
    summary+=("$name: passed, $((SECONDS - start)) s")
  else
    summary+=("$name: FAILED, $((SECONDS - start)) s")
    result=1
  fi
}

sanitized() {
  tools/build.sh "$1" -j "$jobs" &&
    BASCULE_KILLS=1000 BASCULE_BINARY=$PWD/build/$1/bascule ctest --test-dir "build/$1" -j "$jobs" \
      --output-on-failure --no-tests=error | grep -vE '^ *(Start|[0-9]+/[0-9]+ Test .* Passed) '
}

# New inputs go to build/, never into the kept corpus: what is worth keeping is copied by hand.
fuzz() {
  local name=$1
  local found=$PWD/build/fuzz-found/$name
  mkdir -p "$found" "fuzz/corpus/$name"
  (cd "$found" && "$OLDPWD/build/fuzz/$name" -max_total_time="$seconds" -rss_limit_mb=4096 \
    -print_final_stats=1 -verbosity=0 "$found" "$OLDPWD/fuzz/corpus/$name")
}

# Each kernel has a level for processors without AVX2 and one for those without AVX-512; an emulated
# processor stops at an instruction that it should not have met. Tests of this machine's own levels
# skip themselves.
emulated() {
  tools/build.sh release -j "$jobs" --target engine_test &&
    qemu-x86_64 -cpu "$1" build/release/src/engine/engine_test --gtest_brief=1
}

slow_pytest() {
  tools/venv.sh test && tools/build.sh release -j "$jobs" --target bascule bench_load &&
    BASCULE_BINARY=$PWD/build/release/bascule .venv/bin/python -m pytest -q -m slow tests
  local code=$?
  [ $code -eq 0 ] || [ $code -eq 5 ]  # 5: there is no slow test
}

# The package that .venv holds, with the oldest libraries instead of .venv's.
oldest_scikit_learn() {
  local venv=build/oldest
  tools/venv.sh test && python3 -m venv $venv &&
    .venv/bin/python - <<'PYTHON' >$venv/requirements.txt &&
import tomllib

with open("pyproject.toml", "rb") as file:
    print("\n".join(tomllib.load(file)["project"]["optional-dependencies"]["oldest"]))
PYTHON
    $venv/bin/pip install -q --disable-pip-version-check -r $venv/requirements.txt &&
    mkdir -p $venv/path && ln -sfn "$PWD"/.venv/lib/python3.*/site-packages/bascule $venv/path/ &&
    PYTHONPATH=$PWD/$venv/path $venv/bin/python -m pytest -q -m slow tests/parity/test_versions.py
}

part "address and undefined behaviour" sanitized asan
part "threads" sanitized tsan
part "fuzz targets build" tools/build.sh fuzz -j "$jobs" --target fuzz_targets
for source in fuzz/*.cc; do
  name=$(basename "$source" .cc)
  [ "$name" = replay_main ] || part "fuzz $name, $seconds s" fuzz "$name"
done
part "a processor with AVX2 only (Haswell, emulated)" emulated Haswell
part "a processor without AVX (Nehalem, emulated)" emulated Nehalem
part "slow pytest" slow_pytest
part "oldest scikit-learn" oldest_scikit_learn

echo
printf '%s\n' "${summary[@]}"
{
  echo "# The slow tests"
  echo
  echo "Written by \`make test-slow\` on $(date -u +%F), at $(git describe --always --dirty):" \
    "$(lscpu | sed -n 's/^Model name: *//p'), $(nproc) cores."
  echo
  printf -- '- %s\n' "${summary[@]}"
} >docs/slow-tests.md
exit $result
