# SPDX-License-Identifier: Apache-2.0
# For the cases that run the launch tests in the machine: source it after case.sh.
build=${CONFINIT_BUILD:-$cases_folder/../../build}
for program in launch-tests launch-probe; do
    with --add "$build/tests/launch/$program:/usr/lib/test/$program"
done
# A newer kernel runs with one emulated CPU at a time.
with --timeout 480
# They write many programs into the files of the machine, which lie in memory.
with --memory 768

# run_launch_tests [NAME=VALUE]: with this variable.
run_launch_tests() {
    inside <<EOF
modprobe loop
export CONFINIT_PROBE=/usr/lib/test/launch-probe
export CONFINIT_REAPER=/usr/lib/confinit/confinit-reaper
export CONFINIT_LAUNCHER=/usr/lib/confinit/confinit-launcher
${1:+export $1}
/usr/lib/test/launch-tests || fail "launch-tests"
/usr/lib/test/launch-tests "[cgroup]" || fail "launch-tests of nodes"
EOF
}
