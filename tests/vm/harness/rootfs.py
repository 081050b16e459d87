# SPDX-License-Identifier: Apache-2.0
"""The root file system of the machine: busybox, accounts, the built tree, and what was asked for."""

import os
import pathlib
import re
import shutil
import stat

from image import programs
from image.archive import Tree
from image.cache import Cache, HarnessError, run

PASSWD = """\
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
redis:x:101:101::/var/lib/redis:/usr/sbin/nologin
messagebus:x:102:102::/nonexistent:/usr/sbin/nologin
user:x:1000:1000:an ordinary user:/home/user:/bin/sh
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""

GROUP = """\
root:x:0:
daemon:x:1:
tty:x:5:
disk:x:6:
adm:x:4:
kmem:x:15:
www-data:x:33:
utmp:x:43:
redis:x:101:
messagebus:x:102:
users:x:100:user
user:x:1000:
nogroup:x:65534:
"""

# Servers of web pages and mail look here, and few of their packages depend on the one that has it.
MIME_TYPES = """\
text/html html htm
text/plain txt
text/css css
application/javascript js
application/json json
image/png png
image/jpeg jpeg jpg
"""

PROFILE = """\
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME="${HOME:-/root}"
PS1='vm:\\w\\$ '
"""

# The address sanitizer reads /proc before main, so something has to mount it first.
SANITIZED_INIT = """\
#!/bin/busybox sh
/bin/busybox mount -t proc -o nosuid,nodev,noexec proc /proc
exec /usr/sbin/confinit "$@"
"""


def base_tree() -> Tree:
    tree = Tree()
    for path in ("dev", "proc", "sys", "run", "mnt", "srv", "opt", "home", "etc/confinit/units"):
        tree.directory(path)
    for path in ("var/log", "var/lib", "var/cache", "var/www", "usr/lib/confinit/units"):
        tree.directory(path)
    for path in ("tmp", "var/tmp"):
        tree.directory(path, 0o1777)
    tree.directory("root", 0o700)
    tree.directory("home/user", owner=1000)
    # The kernel opens this one for PID 1 before PID 1 can mount a /dev.
    tree.device("dev/console", stat.S_IFCHR, 0o600, 5, 1)
    tree.link("var/run", "/run")
    tree.text("etc/passwd", PASSWD)
    tree.text("etc/group", GROUP)
    tree.text("etc/shadow", re.sub(r"(?m)^([^:]+):.*$", r"\1:*:::::::", PASSWD), 0o640)
    tree.text("etc/mime.types", MIME_TYPES)
    tree.text("etc/profile", PROFILE)
    tree.text("etc/shells", "/bin/sh\n")
    tree.text("etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")
    tree.text("etc/hostname", "vm\n")
    tree.text("etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")
    _add_busybox(tree)
    _add_debian_tools(tree)
    return tree


def _add_busybox(tree: Tree) -> None:
    program = shutil.which("busybox")
    if program is None:
        raise HarnessError("busybox is missing; tools/install-deps installs it")
    tree.add(pathlib.Path(program).resolve(), "bin/busybox")
    for path in run(program, "--list-full").split():
        if path not in ("linuxrc", "bin/busybox", "sbin/init"):
            tree.link(path, "/bin/busybox")


# Debian's own in place of busybox's: a busybox that does not run as root begins every program with
# setgid and setuid, which no filter of a small service lists.
DEBIAN_TOOLS = (
    "cat chmod cp dash dd env false grep head id ls mkdir mv pwd rm sleep sort tail touch true wc"
).split()


def _add_debian_tools(tree: Tree) -> None:
    for name in DEBIAN_TOOLS:
        program = shutil.which(name, path="/usr/bin:/bin")
        if program is None:
            raise HarnessError(f"{name} is missing from this Debian machine")
        file = pathlib.Path(program).resolve()
        tree.add(file, f"bin/{name}")
        for library, path in programs.shared_libraries(file).items():
            tree.add(library.resolve(), path)


def add_build(tree: Tree, cache: Cache, build: pathlib.Path) -> None:
    """Everything that `meson install` would install, and /init as a link to the supervisor."""
    dynamic = False
    for file, target in programs.installed_files(build).items():
        has_libraries = programs.add_installed(tree, cache, file, target)
        dynamic = dynamic or (target == programs.SUPERVISOR and has_libraries)
    if dynamic:
        tree.text("init", SANITIZED_INIT, 0o755)
    else:
        tree.link("init", "usr/sbin/confinit")


def watch_paths(tree: Tree, cache: Cache, build: pathlib.Path) -> bool:
    """Puts the program that records the paths of PID 1 before the supervisor.

    A supervisor that is linked dynamically, as the sanitized one is, opens what it likes before its
    main function: it is not watched.
    """
    supervisor = tree.target_of("init")
    if supervisor is None:
        return False
    watch = build / "tests" / "vm" / "path-watch"
    if not watch.exists():
        raise HarnessError(f"'{watch}' is not built; build first, as tests/run does")
    tree.remove("init")
    tree.add(programs.stripped(cache, watch), "init")
    tree.link("usr/lib/test/init", "/usr/sbin/confinit")
    return True


def prefer_packages(tree: Tree) -> None:
    """busybox's shell runs its own programs whatever PATH says; a person misses its line editing."""
    tree.link("bin/sh", "dash")


PROGRAM_FOLDERS = ("usr/bin", "usr/sbin")


def add_package(tree: Tree, folder: pathlib.Path) -> None:
    for child in sorted(folder.iterdir()):
        tree.add(child, child.name, keep_owner=os.geteuid() == 0)
    for place in ("bin", "sbin", *PROGRAM_FOLDERS):
        for program in (folder / place).glob("*"):
            _uncover(tree, program.name)


def _uncover(tree: Tree, name: str) -> None:
    """busybox's program of the same name may lie in a folder that is searched first."""
    for place in PROGRAM_FOLDERS:
        if tree.target_of(f"{place}/{name}") == "/bin/busybox":
            tree.remove(f"{place}/{name}")
