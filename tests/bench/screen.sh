#!/bin/sh
# What the screen costs: see tests/bench/screen.c. Ends with training in the workbench against `strata train`,
# the same epochs at full speed, by what the trainer itself counts as training.
cd "$(dirname "$0")/../.." || exit 2
B=${B:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
STRATA_HOME=$work
export STRATA_HOME
cat >"$work/full.strata" <<R
seed 7
data synthetic random samples=10000 features=100 classes=10
dense 64 relu
dense 64 relu
dense 10 softmax
compile optimizer=adam loss=sparse_categorical_crossentropy metrics=accuracy
fit epochs=5000 batch_size=32
R
echo
echo "the screen, 80x24"
sed 's/epochs=5000/epochs=1000/' "$work/full.strata" >"$work/seconds.strata"
sed "s/^pace.*//; s/epochs=[0-9]*/epochs=200000/; s|data/|$PWD/samples/data/|g" samples/digits.strata >"$work/moments.strata"
"$B/bench/screen" "$B/strata" "$work/full.strata" samples/iris.strata "$work/seconds.strata" "$work/moments.strata"
