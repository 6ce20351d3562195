# shellcheck shell=bash disable=SC2034,SC2154
# What each part of scripts/service-test begins with. A part is a script of its own, and has machines of its own. From there it has
#   PACKAGE   a Debian package of weft; empty where apt is too slow, and
#   TREE      what is put into each machine instead
#   used      a file for the blocks of the documentation that it uses, see pages.sh
set -euo pipefail
cd "$(dirname "$0")/../.."
: "${PACKAGE?call scripts/service-test PROGRAM ${0##*/}}" "${used:?}"

output=$(mktemp /tmp/weft-service-check.XXXXXX)
# The exit status of a part that was skipped.
skipped=77

source scripts/service/machines.sh
source scripts/service/packages.sh
source scripts/service/checks.sh
source scripts/service/pages.sh

# However it ends, nothing is left.
end() {
    local status=$?
    end_machines
    rm -f "$output"
    if [ "$failures" != 0 ]; then
        echo "$failures of the checks failed" >&2
        status=1
    fi
    exit "$status"
}
trap end EXIT
trap 'exit 143' INT TERM HUP
trap 'echo "FAILED: ${0##*/}, line $LINENO: $BASH_COMMAND" >&2' ERR

# The package lies where a reader who is root begins.
tree=${TREE:-$folder/tree}
[ -z "$PACKAGE" ] || install -D -m 644 "$PACKAGE" "$tree/root/$(basename "$PACKAGE")"

# The Nth block of commands of a page, as a reader who is root would type it, with the token where a token goes.
token=
type_in() { # name, page, number
    local commands
    commands=$(use "$2" sh "$3") || return
    on "$1" bash -euc "${commands//weft1…/$token}"
}
# Of a page whose prompts tell where a line is typed: the Nth line.
typed_line() { use "$1" sh "$2" | sed -n "$3{s/^[a-z-]*\\\$ //;s/ *#.*//;s/weft1…/$token/;p}"; }

members='import json, sys; print(*[member["name"] for member in json.load(sys.stdin)["members"]])'
knows() { # name, then the members that it knows
    local name=$1
    shift
    [ "$(on "$name" weft status --json | python3 -c "$members")" = "$*" ]
}
reaches() { on "$1" ping -c 1 -W 2 "$2.weft"; }
# The kernel's WireGuard, or a drop-in that lets the service use another one.
has_kernel_wireguard() { on "$1" ip link add probe type wireguard 2>/dev/null && on "$1" ip link delete probe; }
allow_userspace_wireguard() { has_kernel_wireguard "$1" || type_in "$1" docs/INSTALL.md 4; }
