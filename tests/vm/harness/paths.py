# SPDX-License-Identifier: Apache-2.0
"""The rule that PID 1 opens only what cannot stop answering, and the record that is held to it.

The program tests/vm/path_watch.cc has the kernel record the paths of process 1, and the kernel
writes the record to the console at the machine's end. It begins with a mark on each CPU.
"""

import collections
import dataclasses
import fnmatch
import re

MARK = "path-watch-begins"
LOOKUP_FOLLOW = 1

_BEGIN = re.compile(r"Dumping ftrace buffer:")
_RULE = re.compile(r"\] -{20,}\s*$")
_EMPTY = re.compile(r"\(ftrace buffer empty\)")
_LOST = re.compile(r"\[LOST \d+ EVENTS\]")
_WALK = re.compile(
    r"-1 +(\d+)\S* +\d+us : walk: \(\S+\) "
    r'path=(.*) fs=(.*) dir=(.*) above=(.*) over=(.*) flags=(0x[0-9a-f]+)\s*$'
)
_FRAME = re.compile(r"\]  => (\S+)")
_ENTRY_FRAMES = ("do_syscall_64", "x64_sys_call", "entry_SYSCALL_64_after_hwframe")

# The last part of a path of /proc/PID that leads out of /proc.
_MAGIC_LINKS = ("root", "cwd", "exe")
_MAGIC_FOLDERS = ("fd", "map_files")
_OWN_NAMES = ("self", "thread-self", "1")

# The file systems of the kernel itself: a path that begins in a descriptor of one stays there.
_KERNEL_FILE_SYSTEMS = (
    "proc sysfs cgroup2 nsfs pipefs sockfs anon_inodefs pidfs devpts".split()
)

RUNTIME = "/run/confinit"
# Unit files lie below the runtime directory too, and may be links to anywhere.
UNITS_OF_RUNTIME = "/run/confinit/units"

# What PID 1 does besides, by the design: (calls, path). Each is one path, or a pattern of them.
ALLOWED = (
    # The program that turns the record on becomes PID 1.
    ("execve", "/usr/lib/test/init"),
    ("execve", "<rootfs>/usr/sbin/confinit"),
    # It steps into the root at the beginning, and sees that a mount point is one.
    ("*", "/"),
    # A machine's first mounts and the links beside them.
    ("mkdir mount statx access faccessat2 openat", "/proc"),
    ("mkdir mount statx access faccessat2 umount", "/sys"),
    ("mkdir mount statx access faccessat2", "/dev"),
    ("mkdir mount statx access faccessat2", "/dev/pts"),
    ("mkdir mount statx access faccessat2", "/dev/shm"),
    ("mkdir mount statx access faccessat2", "/run"),
    ("symlink", "/dev/fd"),
    ("symlink", "/dev/std*"),
    ("openat", "/dev/console"),
    ("openat", "/dev/null"),
    ("openat", "/dev/kmsg"),
    # A file system of the kernel, where the terminal of an entered command comes from.
    ("openat", "/dev/ptmx"),
    # What a machine reads of its root once, before anything else is mounted.
    ("openat", "/etc/hostname"),
    # And once where the machine was given groups for its doors.
    ("newfstatat", "<rootfs>/etc/passwd"),
    ("newfstatat", "<rootfs>/etc/group"),
    ("openat", "/usr/lib/confinit/confinit-reaper"),
    ("openat", "/usr/lib/confinit/confinit-launcher"),
)


@dataclasses.dataclass(frozen=True)
class Walk:
    """One path that process 1 named: in which call, and where it begins."""

    call: str
    path: str
    file_system: str
    directory: tuple[str, ...]  # the last names of where a relative path begins
    follows: bool

    def parts(self) -> list[str]:
        return [part for part in self.path.split("/") if part not in ("", ".")]

    def place(self) -> str:
        """The path for a person; a relative one behind what is known of its directory."""
        if self.path.startswith("/"):
            return self.path
        return "/".join([f"<{self.file_system}>", *self.directory, *self.parts()])


@dataclasses.dataclass
class Record:
    walks: list[Walk]
    marked_cpus: set[int]
    is_whole: bool

    def trouble(self, cpus: int) -> str | None:
        """Why the record tells nothing, if so: it must never pass because it is empty."""
        if not self.is_whole:
            return "the kernel wrote no record of the paths of PID 1 at the end"
        if len(self.marked_cpus) < cpus:
            return "the record of the paths of PID 1 has lost its beginning, or never began"
        return None


def taken_from(lines: list[str]) -> tuple[Record, list[str]]:
    """The record in a console's lines, and the lines without it."""
    begin = next((at for at, line in enumerate(lines) if _BEGIN.search(line)), None)
    if begin is None:
        return Record([], set(), False), lines
    if any(_EMPTY.search(line) for line in lines[begin + 1 : begin + 2]):
        return Record([], set(), True), [*lines[:begin], *lines[begin + 2 :]]
    rules = [at for at in range(begin, len(lines)) if _RULE.search(lines[at])]
    end = rules[1] if len(rules) > 1 else len(lines)
    inner = lines[begin:end]
    is_whole = len(rules) > 1 and not any(_LOST.search(line) for line in inner)
    walks, marked = _walks(inner)
    return Record(walks, marked, is_whole), [*lines[:begin], *lines[end + 1 :]]


def _walks(lines: list[str]) -> tuple[list[Walk], set[int]]:
    """The walks after the last mark, and the CPUs that have one."""
    walks: list[Walk] = []
    marked: set[int] = set()
    for at, line in enumerate(lines):
        found = _WALK.search(line)
        if not found:
            continue
        cpu, *texts, flags = found.groups()
        path, file_system, *names = (_unquoted(text) for text in texts)
        if path.endswith(MARK) and file_system == "sysfs":
            marked.add(int(cpu))
            walks.clear()
            continue
        follows = bool(int(flags, 16) & LOOKUP_FOLLOW)
        # The root of a file system is called "/", as is what is above it.
        directory = tuple(name for name in reversed(names) if name != "/")
        walks.append(Walk(_call(lines, at + 1), path, file_system, directory, follows))
    return walks, marked


def _unquoted(text: str) -> str:
    return text[1:-1] if text.startswith('"') else text


def _call(lines: list[str], at: int) -> str:
    """The system call of a walk: the outermost function below the kernel's entry."""
    name = "?"
    for line in lines[at:]:
        found = _FRAME.search(line)
        if found is None:
            if "<stack trace>" in line:
                continue
            break
        if found[1] in _ENTRY_FRAMES:
            break
        name = found[1]
    return re.sub(r"^(__(x64|ia32|do)_sys_|do_)|\.\w+\.\d+$", "", name)


def forbidden(record: Record, also_allowed: list[str]) -> list[Walk]:
    """The walks that break the rule. `also_allowed` has patterns of a case's own."""
    return [
        walk
        for walk in record.walks
        if not (
            _stays_in_kernel(walk)
            or _is_allowed(walk)
            or any(fnmatch.fnmatchcase(walk.place(), pattern) for pattern in also_allowed)
        )
    ]


def _is_allowed(walk: Walk) -> bool:
    return any(
        (calls == "*" or walk.call in calls.split()) and fnmatch.fnmatchcase(walk.place(), path)
        for calls, path in ALLOWED
    )


def _stays_in_kernel(walk: Walk) -> bool:
    parts = walk.parts()
    if walk.path.startswith("/"):
        return ".." not in parts and _is_of_kernel(["", *parts], walk)
    if walk.file_system == "cgroup2" and walk.directory and parts == [".."]:
        return True
    if ".." in parts:
        return False
    if walk.file_system == "proc":
        return _stays_in_proc([*walk.directory, *parts], walk)
    # A descriptor of the runtime directory, or of one below it.
    if walk.file_system == "tmpfs" and walk.directory:
        return _is_of_runtime(["", "run", *walk.directory, *parts])
    return walk.file_system in _KERNEL_FILE_SYSTEMS


def _is_of_kernel(parts: list[str], walk: Walk) -> bool:
    if parts[1:2] == ["proc"]:
        return len(parts) > 2 and _stays_in_proc(parts[2:], walk)
    return (parts[1:2] == ["sys"] and len(parts) > 2) or _is_of_runtime(parts)


def _is_of_runtime(parts: list[str]) -> bool:
    path = "/".join(parts) + "/"
    return path.startswith(RUNTIME + "/") and not path.startswith(UNITS_OF_RUNTIME + "/")


def _stays_in_proc(parts: list[str], walk: Walk) -> bool:
    """Not through a link of a process to its files. Reading where such a link leads is allowed."""
    for at, part in enumerate(parts):
        is_last = at == len(parts) - 1
        before = parts[at - 1] if at else ""
        is_of_process = before.isdigit() or before in _OWN_NAMES
        if part in _MAGIC_LINKS and is_of_process:
            return is_last and not walk.follows
        if before in _MAGIC_FOLDERS:
            is_own = parts[0] in _OWN_NAMES and before == "fd"
            return is_last and (is_own or not walk.follows)
    return True


def table(walks: list[Walk]) -> list[str]:
    """A line for each call and path, numbers as N, the most frequent ones first."""
    counts = collections.Counter((walk.call, _pattern(walk.place())) for walk in walks)
    rows = sorted(counts.items(), key=lambda row: (-row[1], row[0]))
    return [f"{count:6} {call:12} {place}" for (call, place), count in rows]


def _pattern(place: str) -> str:
    begin, end, rest = place.rpartition(">")
    return begin + end + re.sub(r"\d+", "N", rest)
