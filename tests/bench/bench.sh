#!/bin/sh
# Measures on this machine, in one run, interleaved, medians of five rounds, and prints ratios:
#   strata   training alone, as `strata train --json` reports it
#   bare     the bare sgemm calls of the same network in the same order (tests/bench/bare.c)
#   torch    PyTorch eager in a tight loop, where python3 has it (tests/bench/torch_dense.py)
# Of every side the best of 1 and 2 threads counts. Then the screen's costs (tests/bench/screen.sh).
# ROUNDS=1 for a quick look.
cd "$(dirname "$0")/../.." || exit 2
B=${B:-build} ROUNDS=${ROUNDS:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=
for candidate in python3 /usr/bin/python3; do
    $candidate -c 'import torch' 2>/dev/null && python=$candidate && break
done
[ -n "$python" ] || echo "PyTorch is not installed (Debian: python3-torch): its column is left out"

median() { sort -n | awk '{v[NR]=$1} END {print NR ? (NR % 2 ? v[(NR+1)/2] : (v[NR/2]+v[NR/2+1])/2) : "-"}'; }
best() { sort -n | tail -n 1; }

strata_speed() { "$B/strata" train "$1" --threads "$2" --json --quiet | sed -n 's/.*"samples_per_s": *\([0-9.e+]*\).*/\1/p'; }
bare_speed() { "$B/bench/bare" "$@"; }
# The environment's choice of OpenBLAS kernel is for OpenBLAS' users; PyTorch chooses for itself.
torch_speed() { env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_WAIT_POLICY="$policy" $python tests/bench/torch_dense.py "$@"; }

recipe() { # recipe BATCH ROWS EPOCHS IN UNITS…
    batch=$1 rows=$2 epochs=$3 inputs=$4
    shift 4
    echo "seed 7"
    for last; do :; done
    echo "data synthetic random samples=$rows features=$inputs classes=$last"
    while [ $# -gt 1 ]; do echo "dense $1 relu"; shift; done
    echo "dense $1 softmax"
    echo "compile optimizer=adam loss=sparse_categorical_crossentropy metrics=accuracy"
    echo "fit epochs=$epochs batch_size=$batch"
}

compare() { # compare NAME BATCH ROWS EPOCHS IN UNITS…
    name=$1
    shift
    recipe "$@" >"$work/recipe.strata"
    batch=$1 rows=$2
    shift 3
    : >"$work/strata" >"$work/bare" >"$work/torch"
    round=0
    while [ $round -lt "$ROUNDS" ]; do
        for n in 1 2; do strata_speed "$work/recipe.strata" $n; done | best >>"$work/strata"
        for n in 1 2; do bare_speed $n "$batch" "$@"; done | best >>"$work/bare"
        if [ -n "$python" ]; then
            for n in 1 2; do for policy in active passive; do torch_speed $n "$batch" "$rows" "$@"; done; done |
                best >>"$work/torch"
        fi
        round=$((round + 1))
    done
    s=$(median <"$work/strata") b=$(median <"$work/bare") t=$(median <"$work/torch")
    awk -v name="$name" -v s="$s" -v b="$b" -v t="$t" 'BEGIN {
        printf "%-34s %10.0f %10.0f %5.0f %%", name, s, b, 100 * s / b
        if (t != "-") printf " %10.0f %6.1f x", t, s / t
        print "" }'
}

echo "samples a second, medians of $ROUNDS, the best of 1 and 2 threads; $("$B/strata" --version)"
printf '%-34s %10s %10s %7s %10s %8s\n' "training" strata bare "of bare" PyTorch "of it"
compare "100-64-64-10 relu Adam, batch 32" 32 10000 120 100 64 64 10
compare "784-128-10 relu Adam, batch 128" 128 10000 60 784 128 10
compare "784-1024-1024-10 relu Adam, b 256" 256 5120 6 784 1024 1024 10
[ ! -e tests/bench/screen.sh ] || B=$B sh tests/bench/screen.sh
