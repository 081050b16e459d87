# SPDX-License-Identifier: Apache-2.0
# Put before the script of every VM case: expectations that end the script when they do not hold.
set -u

fail() {
    echo "FAILED: $*"
    exit 1
}

# expect CLAIM COMMAND...: the command exits with 0.
expect() {
    claim=$1
    shift
    output=$("$@" 2>&1) && { echo "ok: $claim"; return; }
    status=$?
    echo "$output"
    fail "$claim: '$*' exited with $status"
}

# expect_exit STATUS CLAIM COMMAND...: the command exits with that status.
expect_exit() {
    wanted=$1
    claim=$2
    shift 2
    output=$("$@" 2>&1)
    status=$?
    [ "$status" = "$wanted" ] && { echo "ok: $claim"; return; }
    echo "$output"
    fail "$claim: '$*' exited with $status, not $wanted"
}

# expect_text PATTERN CLAIM COMMAND...: a line of its output matches the extended expression.
expect_text() {
    pattern=$1
    claim=$2
    shift 2
    output=$("$@" 2>&1)
    echo "$output" | grep -qE -- "$pattern" && { echo "ok: $claim"; return; }
    echo "$output"
    fail "$claim: no '$pattern' in the output of '$*'"
}

# expect_no_text PATTERN CLAIM COMMAND...: no line of its output matches.
expect_no_text() {
    pattern=$1
    claim=$2
    shift 2
    output=$("$@" 2>&1)
    echo "$output" | grep -qE -- "$pattern" || { echo "ok: $claim"; return; }
    echo "$output"
    fail "$claim: '$pattern' is in the output of '$*'"
}

# expect_same CLAIM ONE OTHER
expect_same() {
    [ "$2" = "$3" ] && { echo "ok: $1"; return; }
    fail "$1: '$2' is not '$3'"
}

# wait_for SECONDS CLAIM COMMAND...: the command comes to exit with 0 within that time.
wait_for() {
    deadline=$(($(cut -d. -f1 /proc/uptime) + $1))
    claim=$2
    shift 2
    until "$@" > /dev/null 2>&1; do
        [ "$(cut -d. -f1 /proc/uptime)" -lt "$deadline" ] || {
            "$@"
            fail "$claim: '$*' did not come true in time"
        }
        usleep 20000
    done
    echo "ok: $claim"
}

# field NAME FILE: the rest of the line "NAME: rest".
field() {
    sed -n "s/^$1:[[:space:]]*//p" "$2"
}

main_pid() {
    svctl --json status "$1" | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' | head -n 1
}

sub_state() {
    svctl --json status "$1" | sed -n 's/.*"sub": *"\([a-z_]*\)".*/\1/p' | head -n 1
}

is_state() {
    [ "$(sub_state "$1")" = "$2" ]
}
