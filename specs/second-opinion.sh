#!/usr/bin/env bash
# The second opinion: specs/streams.pml, explored by SPIN, against the model, explored by itself. One table;
# exits 1 if they disagree about a preset's states or transitions, or if either misses a mutant.
#
#     specs/second-opinion.sh [PRESET | MUTANT_...]...
#
# Needs cargo and a C compiler, and installs SPIN from Debian's packages if it is missing.
set -eu
cd "$(dirname "$0")/.."
root=$PWD

command -v spin >/dev/null ||
    .ci/install SPIN "which explores specs/streams.pml" "the second opinion" apt spin
command -v spin >/dev/null || exit 0

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# SPIN leaves files where it runs, and is happiest with a plain file name.
cp "$root/specs/streams.pml" "$work"

# Writes SPIN's report about the world with these switches to $work/report. Without -o1 -o2, SPIN leaves out
# of its states what it thinks is never read; without -E it stops at states in which nothing can follow.
# Optimised, the compiler takes ten times as long, and saves a second.
explore() {
    (
        cd "$work"
        spin -a -o1 -o2 "$@" streams.pml >spin.log 2>&1 || { cat spin.log >&2; exit 1; }
        cc -O0 -DSAFETY -DNOREDUCE -w -o pan pan.c
        ./pan -E -n -m1000000 -w24 >report
    )
}

# The first number of the line of the report that contains $1.
count() { awk -v what="$1" 'index($0, what) { print $1; exit }' "$work/report"; }

cargo build --quiet --release --locked -p streamproof-model --example twin_counts
counts="cargo run --quiet --release --locked -p streamproof-model --example twin_counts --"

disagree=0
row='%-26s %11s %11s %12s %12s %8s  %s\n'
printf "$row" preset "states here" "states SPIN" "steps here" "steps SPIN" seconds verdict
$counts "$@" >"$work/twins"
while read -r name states steps seconds switches; do
    start=$(date +%s)
    # shellcheck disable=SC2086 # one word a switch
    explore $switches
    spent=$(awk -v here="$seconds" -v spin=$(($(date +%s) - start)) 'BEGIN { print here "+" spin }')
    spin_states=$(count 'states, stored')
    spin_steps=$(($(count 'transitions (=') - 1)) # SPIN counts the initial state as one
    verdict=agree
    grep -q 'errors: 0' "$work/report" || verdict='SPIN FINDS A FAULT'
    [ "$states $steps" = "$spin_states $spin_steps" ] || verdict=DISAGREE
    [ "$verdict" = agree ] || disagree=1
    printf "$row" "$name" "$states" "$spin_states" "$steps" "$spin_steps" "$spent" "$verdict"
done <"$work/twins"

echo
row='%-26s %-14s %-8s %-8s %s\n'
printf "$row" mutant preset here SPIN verdict
$counts mutants "$@" >"$work/mutants"
while read -r mutant preset here switches; do
    # shellcheck disable=SC2086
    explore "-D$mutant" $switches
    spin=missed
    # A network too small for SLOTS is no rule broken.
    grep 'assertion violated' "$work/report" | grep -q -v -e '(net\[' -e '(i<' && spin=found
    verdict=agree
    [ "$here $spin" = 'found found' ] || { verdict=MISSED; disagree=1; }
    printf "$row" "$mutant" "$preset" "$here" "$spin" "$verdict"
done <"$work/mutants"
exit $disagree
