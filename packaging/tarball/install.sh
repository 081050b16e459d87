#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Copies confinit from the unpacked tarball below a prefix, or removes these files again.
# usage: ./install.sh [--prefix=DIRECTORY] [--remove]      DESTDIR in the environment is honoured.
#
# The programs find their helpers and units below the prefix by themselves.
set -eu
here=$(cd "$(dirname "$0")" && pwd)

usage() {
    echo "usage: ./install.sh [--prefix=DIRECTORY] [--remove]" >&2
    exit 1
}

prefix=/usr/local
action=copy
while [ $# -gt 0 ]; do
    case $1 in
    --prefix=*) prefix=${1#--prefix=} ;;
    --prefix)
        [ $# -ge 2 ] || usage
        prefix=$2
        shift
        ;;
    --remove) action=remove ;;
    *) usage ;;
    esac
    shift
done
case $prefix in
/*) prefix=${prefix%/} ;;
*)
    echo "install.sh: '$prefix' is not an absolute path" >&2
    exit 1
    ;;
esac
root=${DESTDIR:-}$prefix

files() {
    (cd "$here" && find bin sbin lib share -type f | sort)
}

copy() {
    files | while IFS= read -r file; do
        mkdir -p "$root/$(dirname "$file")"
        # Beside and renamed: a program that runs cannot be written to.
        cp "$here/$file" "$root/$file.part"
        case $file in
        *.service) sed "s|/usr/|$prefix/|g" "$here/$file" >"$root/$file.part" ;;
        esac
        mv -f "$root/$file.part" "$root/$file"
    done
    echo "confinit is in $root: sbin/confinit, bin/svctl, lib/confinit, share/doc/confinit."
    echo "Beside systemd: systemctl enable --now $prefix/lib/systemd/system/confinit.service"
    echo "As a process of any user: $prefix/sbin/confinit --help; the keys: $prefix/bin/svctl explain"
}

remove() {
    files | while IFS= read -r file; do
        rm -f "$root/$file"
    done
    for folder in lib/confinit/units lib/confinit/beside-systemd lib/confinit \
        share/doc/confinit/examples share/doc/confinit; do
        [ ! -d "$root/$folder" ] || rmdir "$root/$folder" 2>/dev/null ||
            echo "$root/$folder stays: it holds files that are not of this tarball."
    done
}

$action
