# SPDX-License-Identifier: Apache-2.0
# For cases with containers, after case.sh: bundles for crun whose root has busybox, confinit and
# svctl, and the units of this case.
vm_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
build=${CONFINIT_BUILD:-$vm_folder/../../build}
filter=$("$vm_folder/package-file" golang-github-containers-common /usr/share/containers/seccomp.json)
root=/containers/root
with --package crun
for file in supervisor/confinit:usr/sbin/confinit tools/svctl/svctl:usr/bin/svctl; do
    with --add "$build/${file%%:*}:$root/${file#*:}"
done
for helper in reaper launcher; do
    with --add "$build/lib/launch/confinit-$helper:$root/usr/lib/confinit/confinit-$helper"
done
with --add "$(command -v busybox):$root/bin/busybox"
printf 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n' > "$scratch/passwd"
printf 'root:x:0:\nnogroup:x:65534:\n' > "$scratch/group"
with --add "$scratch/passwd:$root/etc/passwd" --add "$scratch/group:$root/etc/group"

# container NAME [OPTION]... -- COMMAND...: a bundle /containers/NAME, see oci-config. It has Docker's
# filter by `filtered`, which costs seconds in an emulated machine.
filtered=()
container() {
    name=$1
    shift
    mkdir -p "$scratch/containers/$name"
    "$vm_folder/oci-config" "${filtered[@]}" "$@" > "$scratch/containers/$name/config.json"
    with --add "$scratch/containers/$name/config.json:/containers/$name/config.json"
}

# inner_unit NAME <<EOF ...: a unit file in the root of all containers.
inner_unit() {
    mkdir -p "$scratch/inner"
    cat > "$scratch/inner/$1.toml"
    with --add "$scratch/inner/$1.toml:$root/etc/confinit/units/$1.toml"
}
