#!/usr/bin/env bash
# Installs the Debian packages of the named groups (packaging/debian-<group>.txt) that are missing.
#
#   tools/setup.sh build test
#
# Silent when nothing is missing. Without root it prints the one command needed, and exits 2.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ $# -eq 0 ]; then
  echo "usage: tools/setup.sh GROUP...   (the groups are packaging/debian-GROUP.txt)" >&2
  exit 2
fi

wanted=()
for group in "$@"; do
  list="packaging/debian-$group.txt"
  if [ ! -f "$list" ]; then
    echo "tools/setup.sh: there is no $list" >&2
    exit 2
  fi
  while read -r package; do
    wanted+=("$package")
  done < <(sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$list")
done

if ! command -v dpkg-query >/dev/null; then
  echo "tools/setup.sh: this is not Debian; install the equivalents of: ${wanted[*]}" >&2
  exit 2
fi
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
  sed -n 's/^installed //p' || true)
missing=()
for package in "${wanted[@]}"; do
  grep -qxF -- "$package" <<<"$installed" || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
  echo "sudo apt-get install --no-install-recommends ${missing[*]}"
  exit 2
fi
echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! { apt-get update -q && apt-get install -y -q --no-install-recommends "${missing[@]}"; } \
    >"$log" 2>&1; then
  cat "$log" >&2
  echo "tools/setup.sh: apt-get could not install ${missing[*]}" >&2
  exit 1
fi
