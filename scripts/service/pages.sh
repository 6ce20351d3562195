# shellcheck shell=bash disable=SC2034,SC2154
# The blocks of commands and settings in the documentation, and which of them a test has used: the file "$used" has a line for each.

# Pages for people who change Weft: their blocks are run by scripts/developer-test, without machines.
developer_pages=(docs/BENCHMARKS.md docs/INTEROP.md docs/LIBP2P.md)

# The Nth block of a kind (sh, yaml, nft) of a page, as it stands there.
block() { # page, kind, number
    awk -v wanted="$3" -v fence="\`\`\`$2" '
        /^```/ {inside = !inside; found = inside && $0 == fence; count += found; next}
        found && count == wanted {print; any = 1}
        END {exit !any}
    ' "$1" || { echo "$1 has no block $2 $3" >&2; return 1; }
}

# The same for a test that uses it.
use() { # page, kind, number
    echo "$1 $2 $3" >>"$used"
    block "$@"
}

# All blocks of pages that somebody could type or load, one on a line as in "$used".
all_blocks() { # pages
    awk '
        FNR == 1 {inside = 0; delete count}
        /^```/ {inside = !inside; kind = substr($0, 4); if (inside && kind ~ /^(sh|yaml|nft)$/) print FILENAME, kind, ++count[kind]}
    ' "$@"
}

# Lines that begin a block of no known kind: commands could stand there unseen.
unknown_blocks() { # pages
    awk '
        FNR == 1 {inside = 0}
        /^ *```/ {inside = !inside; if (inside && $0 !~ /^```(sh|yaml|nft|json|swift|text)$/) print FILENAME ":" FNR ": " $0}
    ' "$@"
}

# Whether each block of these pages has been used, and each fence says what it holds.
all_used() { # pages
    local left
    left=$(unknown_blocks "$@"; all_blocks "$@" | grep -vxFf "$used") || return 0
    printf 'no test uses: %s\n' "$left"
    return 1
}
