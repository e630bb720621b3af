#!/bin/sh
# Runs the cases of tests/script/*.script against the program and compares what it says to the letter.
# UPDATE=1 writes what it says now into the files instead: read the difference before it is committed.
#
#     # a remark
#     @ NAME            a file of the case's folder, which the | lines after it fill
#     | its lines
#     $ COMMAND         run by sh in that folder, with strata on the path and $DATA the samples' data
#       standard output, each line after two blanks
#     ! standard error
#     ? the exit status, where it is not 0
#
# Each .script has a new folder of its own. Ends with "N passed, N failed".
cd "$(dirname "$0")/../.." || exit 2
root=$PWD
strata=$(realpath "${STRATA:-build/strata}")
bin=$(mktemp -d) passed=0 failed=0
trap 'rm -rf "$bin"' EXIT
ln -s "$strata" "$bin/strata"
PATH=$bin:$PATH DATA=$root/samples/data SAMPLES=$root/samples STRATA_HOME=$bin/home LC_ALL=C.UTF-8
export PATH DATA SAMPLES STRATA_HOME LC_ALL

finish() { # compares the case that has just ended
    [ -n "$command" ] || return 0
    (cd "$folder" && timeout 60 sh -c "$command" >"$bin/out" 2>"$bin/err" </dev/null)
    status=$?
    { sed 's/^/  /' "$bin/out"; sed 's/^/! /' "$bin/err"; [ $status = 0 ] || echo "? $status"; } >"$bin/got"
    if [ -n "$UPDATE" ]; then
        cat "$bin/got" >>"$bin/new"
    elif cmp -s "$bin/want" "$bin/got"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAIL $script: $ $command"
        diff "$bin/want" "$bin/got" | sed 's/^</  wanted/; s/^>/  got   /' | grep -E '^  (wanted|got)'
    fi
    command=
}

for script in tests/script/${ONLY:-*}.script; do
    folder=$(mktemp -d) command= file=
    : >"$bin/want" >"$bin/new"
    while IFS= read -r line || [ -n "$line" ]; do
        case $line in
        '  '* | '! '* | '!' | '? '*) [ -n "$UPDATE" ] || printf '%s\n' "$line" >>"$bin/want"; continue ;;
        esac
        finish
        case $line in
        '$ '*) command=${line#??}; : >"$bin/want" ;;
        '@ '*) file=$folder/${line#??}; : >"$file" ;;
        '| '*) printf '%s\n' "${line#??}" >>"$file" ;;
        '|') echo >>"$file" ;;
        esac
        printf '%s\n' "$line" >>"$bin/new"
    done <"$script"
    finish
    [ -z "$UPDATE" ] || cp "$bin/new" "$script"
    rm -rf "$folder"
done
echo "$passed passed, $failed failed"
[ $failed = 0 ]
