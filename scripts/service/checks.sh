# shellcheck shell=bash disable=SC2034,SC2154
# Checks, one after the other: each says what holds, or what it printed instead, which goes to the file "$output" first.

failures=0
check() { # what, then a command
    local what=$1
    shift
    # In this shell, which alone can wait for its children.
    if "$@" >"$output" 2>&1; then
        echo "  ok: $what"
    else
        echo "  FAILED: $what"
        tail -n 20 "$output" | sed 's/^/    /'
        failures=$((failures + 1))
    fi
}
# A check that all others need.
must() { # what, then a command
    local before=$failures
    check "$@"
    [ "$failures" = "$before" ] || exit 1
}
# Until the command succeeds: a minute at most, on an ordinary machine.
eventually() {
    local end=$((SECONDS + 60 * ${WEFT_SLOWNESS:-1}))
    while [ "$SECONDS" -lt "$end" ]; do
        "$@" >/dev/null 2>&1 && return
        sleep 0.25
    done
    "$@"
}
not() { ! "$@"; }
