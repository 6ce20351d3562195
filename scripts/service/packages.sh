# shellcheck shell=bash disable=SC2034,SC2154
# Debian packages that machines need and this one does not: they are downloaded into a folder, and installed in machines alone.

downloads=${XDG_CACHE_HOME:-$HOME/.cache}/weft-packages

# What cannot be downloaded ends the test; where something may be skipped, it is skipped.
download() { # packages
    local options=(-y -qq --no-install-recommends --download-only -o "Dir::Cache::archives=$downloads" -o APT::Sandbox::User=root)
    mkdir -p "$downloads/partial"
    apt-get install "${options[@]}" "$@" >"$folder/apt.log" 2>&1 && return
    cat "$folder/apt.log" >&2
    cannot_have "cannot download $*: is there a network, and has apt-get update been run?"
}
cannot_have() { # why
    if [ "${CI:-}" = true ]; then
        echo "FAILED: ${0##*/}: $1" >&2
        exit 1
    fi
    echo "➜ ${0##*/}: skipped, $1"
    exit "$skipped"
}
