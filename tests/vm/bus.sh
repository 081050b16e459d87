# SPDX-License-Identifier: Apache-2.0
# For the cases about D-Bus, after case.sh: Debian's dbus-daemon and polkitd, whose units are shipped, and
# accounts for them. A build without D-Bus has nothing to try.
build=${CONFINIT_BUILD:-$cases_folder/../../build}
[ -e "$build/tools/bus/confinit-bus" ] || exit 77
for package in dbus-daemon dbus-system-bus-common dbus-bin libglib2.0-bin libpolkit-gobject-1-0 \
    libduktape207 libexpat1; do
    with --package "$package"
done
for path in /usr/lib/polkit-1/polkitd /usr/share/dbus-1/system.d/org.freedesktop.PolicyKit1.conf; do
    with --add "$("$cases_folder/package-file" polkitd "$path"):$path"
done

cat > "$scratch/bus-setup" <<'EOF_SETUP'
for name in confinit-bus:300 polkitd:301; do
    echo "${name%:*}:x:${name#*:}:${name#*:}::/nonexistent:/usr/sbin/nologin" >> /etc/passwd
    echo "${name%:*}:x:${name#*:}:" >> /etc/group
done
mkdir -p /etc/polkit-1/rules.d /var/lib/polkit-1 /usr/share/polkit-1/rules.d
# The ordinary user "user" may rule units and limits, www-data is asked what the policy says, and
# nobody else may anything.
cat > /etc/polkit-1/rules.d/10-test.rules <<'END'
polkit.addRule(function(action, subject) {
    if (subject.user == "user" &&
        (action.id == "org.confinit.manage-units" || action.id == "org.confinit.set-limits")) {
        return polkit.Result.YES;
    }
    return subject.user == "www-data" ? polkit.Result.NOT_HANDLED : polkit.Result.NO;
});
END
chown -R polkitd /etc/polkit-1/rules.d /usr/share/polkit-1/rules.d
# bus METHOD ARGUMENT...: calls org.confinit.Manager1 as the user who runs it.
cat > /usr/bin/bus <<'END'
#!/bin/sh
method=$1
shift
exec gdbus call --system --dest org.confinit --object-path /org/confinit/Manager \
    --method "org.confinit.Manager1.$method" -- "$@"
END
# property UNIT-LABEL INTERFACE NAME
cat > /usr/bin/property <<'END'
#!/bin/sh
exec gdbus call --system --dest org.confinit --object-path "/org/confinit/unit/$1" \
    --method org.freedesktop.DBus.Properties.Get "org.confinit.$2" "$3"
END
chmod 755 /usr/bin/bus /usr/bin/property
as_user() { su user -s /bin/sh -c "$*"; }
as_nobody() { su nobody -s /bin/sh -c "$*"; }
has_name() {
    gdbus call --system --dest org.freedesktop.DBus --object-path /org/freedesktop/DBus \
        --method org.freedesktop.DBus.NameHasOwner org.confinit | grep -q true
}
has_units() { bus ListUnits | grep -q "'dbus'"; }
EOF_SETUP
# inside_with_bus <<EOF: as `inside`, behind the setup.
inside_with_bus() {
    cat "$scratch/bus-setup" - > "$scratch/bus-script"
    inside < "$scratch/bus-script"
}
