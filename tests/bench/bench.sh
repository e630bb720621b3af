#!/bin/sh
# Measures on this machine, in one run: what `strata bench` does (the engine, the bare products, PyTorch), then
# loading (tests/bench/load.sh), then the screen's costs (tests/bench/screen.sh). ROUNDS=1 for a quick look.
cd "$(dirname "$0")/../.." || exit 2
B=${B:-build}
"$B/strata" bench --rounds "${ROUNDS:-5}" || exit 1
B=$B sh tests/bench/load.sh
B=$B sh tests/bench/screen.sh
