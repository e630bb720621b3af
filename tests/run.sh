#!/bin/sh
# Runs the stages of tests named on the command line and counts what passed:
#   alone   each library links and runs without the other
#   unit    tests/unit/test_*.c (cmocka)
#   script  tests/script (the language and the program's calls, with expected text)
#   screen  tests/screen/test_*.c (the program in a pseudo-terminal)
#   fuzz    every fuzz target replays its corpus
# Ends with a line "N passed, N failed"; the exit status is 1 where anything failed.
cd "$(dirname "$0")/.." || exit 2
B=${B:-build}
MAKE=${MAKE:-make}
passed=0 failed=0 failures=

note() { # note NAME STATUS PASSED FAILED
    passed=$((passed + $3)) failed=$((failed + $4))
    if [ "$2" = 0 ] && [ "$4" = 0 ]; then printf '  ok    %-28s %s\n' "$1" "$3"; return; fi
    [ "$4" != 0 ] || failed=$((failed + 1)) # it ended badly without naming a test: a crash
    printf '  FAIL  %s (exit status %s)\n' "$1" "$2"
    failures="$failures $1"
    sed 's/^/        /' "$B/log/$1"
}

cmocka() { # cmocka NAME PROGRAM
    timeout "${LIMIT:-240}" "$2" >"$B/log/$1" 2>&1
    status=$?
    note "$1" "$status" "$(sed -n 's/.*\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$B/log/$1" | awk '{n+=$1} END{print n+0}')" \
        "$(sed -n 's/.*\[  FAILED  \] \([0-9]*\) test.*/\1/p' "$B/log/$1" | awk '{n+=$1} END{print n+0}')"
}

programs() { # programs FOLDER PREFIX: the programs of tests/FOLDER/PREFIX*.c
    for source in tests/"$1"/"$2"*.c; do
        [ -e "$source" ] || continue
        name=${source##*/}
        printf '%s ' "${name%.c}"
    done
}

build() { # build TARGET...
    $MAKE --no-print-directory -j"$(nproc)" B="$B" "$@" >"$B/log/build" 2>&1 ||
        { grep -E 'error|warning|undefined|\*\*\*' "$B/log/build"; echo "the tests do not build"; echo "0 passed, 1 failed"; exit 1; }
}

mkdir -p "$B/log"
for stage in "$@"; do
    echo "$stage"
    case $stage in
    alone)
        build "$B/alone/engine" "$B/alone/ui"
        for name in engine ui; do
            "$B/alone/$name" >"$B/log/alone_$name" 2>&1
            status=$?
            note "alone_$name" $status $((status == 0)) $((status != 0))
        done ;;
    unit)
        list=${UNIT:-$(programs unit test_)}
        build $(printf "$B/unit/%s " $list)
        for name in $list; do cmocka "$name" "$B/unit/$name"; done ;;
    screen)
        list=${SCREEN:-$(programs screen test_)}
        [ -n "$list" ] || continue
        build $(printf "$B/screen/%s " $list)
        for name in $list; do STRATA="$B/strata" cmocka "$name" "$B/screen/$name"; done ;;
    script)
        STRATA="$B/strata" timeout 600 sh tests/script/run.sh >"$B/log/script" 2>&1
        status=$?
        note script $status "$(sed -n 's/^\([0-9]*\) passed, [0-9]* failed$/\1/p' "$B/log/script" | awk '{n+=$1} END{print n+0}')" \
            "$(sed -n 's/^[0-9]* passed, \([0-9]*\) failed$/\1/p' "$B/log/script" | awk '{n+=$1} END{print n+0}')" ;;
    fuzz)
        list=$(programs fuzz fuzz_)
        build $(for name in $list; do printf '%s ' "$B/fuzz/${name#fuzz_}"; done)
        for name in $list; do
            target=${name#fuzz_}
            "$B/fuzz/$target" tests/fuzz/corpus/"$target"/* >"$B/log/$name" 2>&1
            status=$?
            count=$(ls tests/fuzz/corpus/"$target" | wc -l)
            [ $status = 0 ] && note "$name" 0 "$count" 0 || note "$name" $status 0 1
        done ;;
    esac
done
[ -z "$failures" ] || echo "failed:$failures"
echo "$passed passed, $failed failed"
[ $failed = 0 ]
