# SPDX-License-Identifier: Apache-2.0
"""A root file system as a list of entries, written as a newc cpio archive for the kernel.

The format is that of the kernel's Documentation/driver-api/early-userspace/buffer-format.rst.
Written directly, so that neither root nor device nodes are needed on the building side.
"""

import dataclasses
import os
import pathlib
import stat

# The links of a merged /usr: an archive entry below one of them would replace the link itself.
MERGED = ("bin", "sbin", "lib", "lib64")


@dataclasses.dataclass
class Entry:
    mode: int
    uid: int = 0
    gid: int = 0
    data: bytes | None = None  # of a file, or the target of a link
    source: pathlib.Path | None = None  # of a file whose bytes are read when it is written
    device: tuple[int, int] = (0, 0)


class Tree:
    """Paths without a leading slash -> entries. A later entry takes the place of an earlier one."""

    def __init__(self):
        self._entries: dict[bytes, Entry] = {b".": Entry(stat.S_IFDIR | 0o755)}
        for name in MERGED:
            self._entries[name.encode()] = Entry(stat.S_IFLNK | 0o777, data=b"usr/" + name.encode())
            self.directory(f"usr/{name}")

    def directory(self, path, mode: int = 0o755, owner: int = 0) -> None:
        self._put(path, Entry(stat.S_IFDIR | mode, owner, owner))

    def text(self, path, text: str | bytes, mode: int = 0o644) -> None:
        data = text.encode() if isinstance(text, str) else text
        self._put(path, Entry(stat.S_IFREG | mode, data=data))

    def link(self, path, target: str) -> None:
        self._put(path, Entry(stat.S_IFLNK | 0o777, data=os.fsencode(target)))

    def remove(self, path) -> None:
        """An entry that others must not find; nothing where there is none."""
        self._entries.pop(self._key(path), None)

    def target_of(self, path) -> str | None:
        """Where a link leads; absent where the path is no link."""
        entry = self._entries.get(self._key(path))
        if entry is None or not stat.S_ISLNK(entry.mode):
            return None
        return os.fsdecode(entry.data)

    def size(self) -> int:
        """The bytes of all files together, whole pages, as memory holds them."""
        return sum(_pages(entry) for entry in self._entries.values())

    def device(self, path, kind: int, mode: int, major: int, minor: int) -> None:
        self._put(path, Entry(kind | mode, device=(major, minor)))

    def add(self, source: pathlib.Path, path, *, keep_owner: bool = False) -> None:
        """A file, link, or folder with everything below it. Without keep_owner all is root's."""
        status = source.lstat()
        uid, gid = (status.st_uid, status.st_gid) if keep_owner else (0, 0)
        entry = Entry(status.st_mode, uid, gid)
        if stat.S_ISLNK(status.st_mode):
            entry.data = os.fsencode(os.readlink(source))
        elif stat.S_ISREG(status.st_mode):
            entry.source = source
        elif not stat.S_ISDIR(status.st_mode):
            entry.device = (os.major(status.st_rdev), os.minor(status.st_rdev))
        self._put(path, entry)
        if stat.S_ISDIR(status.st_mode):
            for child in sorted(source.iterdir()):
                self.add(child, os.path.join(path, child.name), keep_owner=keep_owner)

    def write(self, file: pathlib.Path) -> None:
        with open(file, "wb") as out:
            for number, path in enumerate(sorted(self._entries), start=1):
                _write_entry(out, number, path, self._entries[path])
            _write_entry(out, 0, b"TRAILER!!!", Entry(0))

    def _key(self, path) -> bytes:
        parts = [part for part in os.fsencode(path).split(b"/") if part not in (b"", b".")]
        if len(parts) > 1 and os.fsdecode(parts[0]) in MERGED:
            parts.insert(0, b"usr")
        return b"/".join(parts)

    def _put(self, path, entry: Entry) -> None:
        key = self._key(path)
        if not key or key.decode(errors="replace") in MERGED:
            return
        parent = os.path.dirname(key)
        if parent and parent not in self._entries:
            self.directory(parent)
        before = self._entries.get(key)
        if before is not None and stat.S_ISDIR(before.mode) and stat.S_ISDIR(entry.mode):
            return
        self._entries[key] = entry


def _pages(entry: Entry) -> int:
    page = 4096
    size = len(entry.data or b"") if entry.source is None else entry.source.stat().st_size
    return (size + page - 1) // page * page


def _write_entry(out, number: int, path: bytes, entry: Entry) -> None:
    data = entry.data or b""
    if entry.source is not None:
        data = entry.source.read_bytes()
    links = 2 if stat.S_ISDIR(entry.mode) else 1
    fields = (
        number, entry.mode, entry.uid, entry.gid, links, 0, len(data), 0, 0,
        *entry.device, len(path) + 1, 0,
    )  # fmt: skip
    header = b"070701" + b"".join(b"%08X" % field for field in fields)
    out.write(_padded(header + path + b"\0"))
    out.write(_padded(data))


def _padded(data: bytes) -> bytes:
    return data + b"\0" * (-len(data) % 4)
