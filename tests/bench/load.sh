#!/bin/sh
# Loading MNIST's four .gz files against gzip's own time for the same files; best of five each, in turn.
# `make samples-mnist` gets the files.
cd "$(dirname "$0")/../.." || exit 2
B=${B:-build}
data=${MNIST:-samples/data/mnist}
[ -e "$data/train-images-idx3-ubyte.gz" ] || { echo "loading: no MNIST here; make samples-mnist gets it"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
data=$(cd "$data" && pwd)
cat >"$work/mnist.strata" <<R
data idx $data/train-images-idx3-ubyte.gz $data/train-labels-idx1-ubyte.gz test_images=$data/t10k-images-idx3-ubyte.gz test_labels=$data/t10k-labels-idx1-ubyte.gz
prepare scale=255
R
milliseconds() { # milliseconds COMMAND…: of the wall clock
    from=$(date +%s%N)
    "$@" >/dev/null
    echo $((($(date +%s%N) - from) / 1000000))
}
least() { sort -n | head -n 1; }
for _ in 1 2 3 4 5; do
    milliseconds gzip -dc "$data"/*.gz >>"$work/gzip"
    milliseconds "$B/strata" data "$work/mnist.strata" >>"$work/strata"
done
awk -v s="$(least <"$work/strata")" -v g="$(least <"$work/gzip")" 'BEGIN {
    printf "\nloading MNIST, four .gz files: %d ms, gzip alone %d ms, ratio %.2f (wanted 2)\n", s, g, s / g }'
