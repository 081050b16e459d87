# SPDX-License-Identifier: Apache-2.0
# Sourced, with `tree` set to the source: debian_root, a small Debian of this release with dbus, polkit
# and initramfs-tools as a tar archive. It is fetched once and kept beside the kernels.
debian_root=$tree/build/vm/debian.tar
if [ ! -f "$debian_root" ]; then
    mkdir -p "$(dirname "$debian_root")"
    mmdebstrap --quiet --variant=minbase \
        --include=dbus,polkitd,adduser,libsdbus-c++1,initramfs-tools \
        "$(. /etc/os-release && echo "$VERSION_CODENAME")" "$debian_root.half.tar"
    mv "$debian_root.half.tar" "$debian_root"
fi
