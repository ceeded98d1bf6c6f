#!/usr/bin/env bash
# Builds and runs every test but the slow ones: ctest, then pytest, both even if the first fails.
#
#   tools/test.sh [PRESET]
#
# The preset is `release` unless given: the demo then finds its build done.
set -euo pipefail
cd "$(dirname "$0")/.."

preset=${1:-release}
jobs=${JOBS:-$(nproc)}
tools/venv.sh test
echo "building ($preset)"
tools/build.sh "$preset" -j "$jobs"
export BASCULE_BINARY=$PWD/build/$preset/bascule

result=0
log=build/ctest-$preset.log
echo "running ctest"
ctest --test-dir "build/$preset" -j "$jobs" --output-on-failure --no-tests=error \
  >"$log" 2>&1 || result=1
ctest_counts=$(sed -nE 's/^[0-9]+% tests passed, ([0-9]+) tests failed out of ([0-9]+)$/\1 \2/p' \
  "$log")
if [ $result -ne 0 ]; then
  # The failed tests with their output, without the lines of those that passed.
  grep -vE '^ *(Start +[0-9]+:|[0-9]+/[0-9]+ Test .* Passed )' "$log" || true
fi
if [ -z "$ctest_counts" ]; then
  ctest_line="ctest: did not run, see $log"
  result=1
else
  read -r failed total <<<"$ctest_counts"
  ctest_line="ctest: $((total - failed)) passed, $failed failed"
fi

echo "running pytest"
log=build/pytest.log
.venv/bin/python -m pytest -q -n "$jobs" --dist worksteal -m "not slow" tests 2>&1 | tee "$log" ||
  result=1
pytest_line=$(tail -1 "$log")

echo
echo "$ctest_line"
echo "pytest: ${pytest_line//=/}"
exit $result
