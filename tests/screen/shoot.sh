#!/bin/sh
# The README's pictures, made from the program itself.
cd "$(dirname "$0")/../.." || exit 2
B=${B:-build}
STRATA_HOME=$(mktemp -d)
export STRATA_HOME
trap 'rm -rf "$STRATA_HOME"' EXIT
shoot() { "$B/screen/shoot" "$@" || { echo "no picture $1"; exit 1; }; }
mkdir -p .github
shoot .github/overview.svg 100x32 "until:epoch 12/" -- "$B/strata" --play samples/digits.strata
shoot .github/weights.svg 100x32 key:5 "until:epoch 12/" -- "$B/strata" --play samples/digits-conv.strata
shoot .github/kinds.svg 100x32 key:2 "until:fits" key:a "until:preprocessing" -- "$B/strata" samples/digits-conv.strata
shoot .github/data.svg 100x32 key:3 "until:epoch 60/" -- "$B/strata" --play samples/circle.strata
ls -l .github/*.svg
