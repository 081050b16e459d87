# SPDX-License-Identifier: Apache-2.0
# For the cases about files that do not answer, after case.sh: a unit for each key that takes a path,
# all of them below /hung, and what must hold while they start. Time in the machine is counted in
# instructions, so that figures are those of the machine, however busy the host is.
build=${CONFINIT_BUILD:-$cases_folder/../../build}
with --count-instructions --timeout 300 --console "$scratch/console"
with --append confinit.end_timeout=20s

# hung KEY "LINES@TABLES" [PATH [NAME]]: a unit hung-NAME with these lines of [service] and these
# tables, whose start must name KEY and PATH.
hung() {
    local name=${4:-${1##*.}}
    printf '%s %s\n' "$1" "${3:-/hung}" > "$scratch/expected.$name"
    with --add "$scratch/expected.$name:/usr/lib/test/expected/$name"
    local command='command = ["/bin/sleep", "infinity"]'
    [ "$1" != service.command ] || command=''
    unit "hung-$name" <<UNIT
[service]
start_timeout = "3s"
${2%%@*}
$command
${2#*@}
UNIT
}
mounts() { printf '@[namespaces]\nmount = true\n[mounts]\n%s' "$1"; }

hung service.command 'command = ["/hung/bin/sleep", "infinity"]@'
hung service.working_directory 'working_directory = "/hung/dir"@'
hung service.tty 'tty = "/dev/hung/file"@' /dev/hung
hung cgroup.io.max '@[cgroup]
io.max = { "/hung/file" = "wbps=10M" }'
hung namespaces.net '@[namespaces]
net = "/hung/file"'
hung namespaces.user '@[namespaces]
user = "/hung/file"'
hung namespaces.mount '@[namespaces]
mount = "/hung/file"' /hung ns-mount
hung mounts.root "user = \"daemon\"$(mounts 'root = "/hung/dir"')"
hung mounts.root_image "$(mounts 'root_image = "/hung/file"')"
for key in read_only read_write inaccessible no_exec exec tmpfs; do
    hung mounts.$key "$(mounts "$key = [\"/hung/dir\"]")"
done
hung mounts.bind "$(mounts 'bind = ["/hung/dir:/mnt"]')"
hung mounts.bind "$(mounts 'bind = ["/srv:/hung/dir"]')" /hung bind-target
hung mounts.overlay "$(mounts 'overlay = [{ target = "/srv", lower = ["/hung/dir"], upper = "tmpfs" }]')"
hung mounts.overlay "$(mounts 'overlay = [{ target = "/srv", lower = ["/srv"], upper = "/hung/dir", work = "/hung/work" }]')" \
    /hung overlay-upper
hung directories.state '@[directories]
state = ["hung/web"]' /var/lib/hung
hung directories.runtime '@[directories]
runtime = ["hung/web"]' /run/hung

unit other <<'UNIT'
[service]
command = ["/bin/sh", "-c", "trap : HUP; while :; do sleep 1000 & wait; done"]
reload = "SIGHUP"
[cgroup]
memory.max = "64M"
[namespaces]
mount = true
[mounts]
read_only = ["/"]
private_tmp = true
UNIT
unit neighbour <<'UNIT'
[service]
command = ["/bin/sleep", "infinity"]
[namespaces]
mount = true
[mounts]
read_only = ["/"]
UNIT

cat > "$scratch/hung-functions" <<'EOF_FUNCTIONS'
# now: hundredths of a second since the boot.
now() { read -r up rest < /proc/uptime && echo $((${up%.*} * 100 + 1${up#*.} - 100)); }

# Each verb that asks for another unit, or changes it.
other_verbs='list
status other
show other
cat other
logs other
verify other
plan other
check other
enter other -- /bin/true
set other memory.max=65M
revert other memory.max
reload other
freeze other
thaw other
restart other
start neighbour
kill neighbour
stop neighbour'

# timed FILE WORD...: runs svctl, and writes its exit status and how long it took into the file.
timed() {
    file=$1 && shift
    begin=$(now)
    svctl "$@" > "$file.output" 2>&1
    status=$?
    echo "$status $(($(now) - begin))" > "$file.tmp"
    mv "$file.tmp" "$file"
}

# asks WORD...: what `timed` writes of a call that ends within 40 s; PID 1 never waits for a file.
asks() {
    rm -f /tmp/asked
    timed /tmp/asked "$@" > /dev/null 2>&1 &
    for round in $(seq 1 2000); do
        [ ! -e /tmp/asked ] || { cat /tmp/asked; return; }
        if grep -qE 'fuse_|autofs_|dm_|ext4_|io_schedule|fifo_open' /proc/1/stack; then
            cat /proc/1/stack >&2
            echo "999 0"
            return
        fi
        usleep 20000
    done
    echo "998 0"
}

# ask_others idle | hung: each verb is answered, in no more than 100 ms above what it took when idle.
ask_others() {
    late=
    while read -r verb; do
        file="/tmp/idle.$(echo "$verb" | tr -c 'a-z\n' _)"
        answer=$(asks $verb)
        took=${answer#* }
        case "$answer" in
            999*) fail "PID 1 waits for a file while it is asked for '$verb'" ;;
            998*) late="$late '$verb' is not answered;" ;;
            0*) ;;
            *) cat /tmp/asked.output && fail "'$verb' ended with ${answer% *} ($1)" ;;
        esac
        if [ "$1" = idle ]; then
            [ -e "$file" ] && [ "$(cat "$file")" -ge "$took" ] || echo "$took" > "$file"
        elif [ "$took" -gt $(($(cat "$file") + 10)) ]; then
            late="$late '$verb' took ${took}0 ms, idle $(cat "$file")0 ms;"
        fi
    done <<VERBS
$other_verbs
VERBS
    [ -z "$late" ] || fail "while something hung:$late"
    echo "ok: every verb on others is answered ($1)"
}

# start_hung UNIT...: asks for each of them, all at once.
start_hung() {
    for one; do
        rm -f "/tmp/start.$one"
        timed "/tmp/start.$one" start "$one" > /dev/null 2>&1 &
    done
}

# expect_late UNIT KEY PATH: its start has ended by its time, and tells what it was at.
expect_late() {
    wait_for 20 "the start of $1 ends" test -e "/tmp/start.$1"
    read -r status took < "/tmp/start.$1"
    [ "$status" != 0 ] || fail "$1 is started"
    [ "$took" -lt 500 ] || fail "the start of $1 took ${took}0 ms"
    grep -E -- "$2" "/tmp/start.$1.output" | grep -qF -- "$3" || {
        cat "/tmp/start.$1.output"
        fail "$1: neither '$2' nor '$3' is named"
    }
    echo "ok: $1 names $2 and $3 after ${took}0 ms"
}

# hang_at NAME...: units of these keys start in vain, and others do not notice.
hang_at() {
    units=
    for name; do units="$units hung-$name"; done
    start_hung $units
    wait_for 10 "somebody waits" somebody_waits
    # Each of them holds up the looks behind it for a moment.
    sleep 1
    ask_others hung
    for name; do
        read -r key path < "/usr/lib/test/expected/$name"
        expect_late "hung-$name" "$key" "$path"
    done
}

svctl start other || fail "other does not start"
ask_others idle
ask_others idle
EOF_FUNCTIONS
# inside_with_hung <<EOF: as `inside`, behind the functions.
inside_with_hung() {
    cat "$scratch/hung-functions" - > "$scratch/hung-script"
    inside < "$scratch/hung-script"
}
# machine_has_ended: it was no timeout of the host's that ended it.
machine_has_ended() {
    tr -d '\r' < "$scratch/console" | grep -E "power-off|gave up|given up"
    tr -d '\r' < "$scratch/console" | grep -E 'stopped .*services in .*power-off' > /dev/null ||
        { echo "FAILED: the machine has not told its end"; exit 1; }
}
