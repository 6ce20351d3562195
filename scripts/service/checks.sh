# shellcheck shell=bash
# Checks, one after the other: each says what holds, or what it printed instead.

failures=0
check() { # what, then a command
    local what=$1 output
    shift
    if output=$("$@" 2>&1); then
        echo "  ok: $what"
    else
        echo "  FAILED: $what"
        printf '%s\n' "$output" | tail -n 20 | sed 's/^/    /'
        failures=$((failures + 1))
    fi
}
# Until the command succeeds: a minute at most, on an ordinary machine.
eventually() {
    local _
    for _ in $(seq $((240 * ${WEFT_SLOWNESS:-1}))); do
        "$@" >/dev/null 2>&1 && return
        sleep 0.25
    done
    "$@"
}
not() { ! "$@"; }
