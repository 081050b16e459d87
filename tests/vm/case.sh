# SPDX-License-Identifier: Apache-2.0
# What every VM case starts with: a scratch folder, units from here-documents, and a script that
# runs as root inside of the VM and stops at its first failed expectation.
#
# A case is run by tests/run; by hand: VM_BOOT=tests/vm/boot tests/vm/cases/NAME
set -euo pipefail

cases_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
VM_BOOT=${VM_BOOT:-$cases_folder/boot}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# PID 1 may name no path that can stop answering: tests/vm/harness/paths.py has the rule. These cases
# are not held to it.
case "$(basename "$0")" in
    bus* | crowd | doors | hung-* | launch | launch-by-launcher | libcs | no-controller | no-memory)
        paths=ignore
        ;;
    process-limits | profile | rounds | scarce-memory | soak | strangers | thousand | varlink*) paths=ignore ;;
    *) paths=forbid ;;
esac
boot_arguments=(--paths "${CONFINIT_VM_PATHS:-$paths}")

# unit NAME <<EOF ... : a unit file for the VM.
unit() {
    cat > "$scratch/$1.toml"
    boot_arguments+=(--unit "$scratch/$1.toml")
}

# with ARGUMENT...: further arguments for tests/vm/boot.
with() {
    boot_arguments+=("$@")
}

# inside <<EOF ... : boots the VM, runs the script in it, and ends with its exit status.
inside() {
    cat "$cases_folder/inside.sh" - > "$scratch/script"
    "$VM_BOOT" "${boot_arguments[@]}" --add "$scratch/script:/usr/lib/test/script" \
        -- sh /usr/lib/test/script
}
