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
shoot .github/mistakes.svg 100x32 "until:epoch 4/" key:space key:6 key:enter until:measured -- "$B/strata" --play samples/digits.strata
shoot .github/why.svg 100x32 "until:epoch 6/" key:space key:6 key:enter until:measured key:enter "until:looked at" key:W "until:(control)" -- "$B/strata" --play samples/digits.strata
shoot .github/map.svg 100x32 "until:epoch 60/" key:space key:6 key:M until:measured -- "$B/strata" --play samples/circle.strata
ls -l .github/*.svg
