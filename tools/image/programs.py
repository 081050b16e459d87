# SPDX-License-Identifier: Apache-2.0
"""The built tree in an image: what `meson install` would install, stripped, with its libraries."""

import hashlib
import json
import pathlib
import re
import shutil
import subprocess

from image.archive import Tree
from image.cache import Cache, HarnessError, run

SUPERVISOR = "/usr/sbin/confinit"


def installed_files(build: pathlib.Path) -> dict[pathlib.Path, str]:
    """Built file -> where it is installed."""
    plan = build / "meson-info" / "intro-installed.json"
    if not plan.exists():
        raise HarnessError(f"'{build}' is no build folder; build first, as tests/run does")
    installed = json.loads(plan.read_text(encoding="utf-8"))
    if SUPERVISOR not in installed.values():
        raise HarnessError(f"'{build}' installs no {SUPERVISOR}")
    return {pathlib.Path(built): target for built, target in sorted(installed.items())}


def add_installed(tree: Tree, cache: Cache, file: pathlib.Path, target: str) -> bool:
    """One file of the build; whether it is a program that brings shared libraries along."""
    if not file.exists():
        raise HarnessError(f"'{file}' is not built; build first, as tests/run does")
    libraries: dict[pathlib.Path, str] = {}
    if is_program(file):
        file = stripped(cache, file)
        libraries = shared_libraries(file)
        for library, path in libraries.items():
            tree.add(library.resolve(), path)
    tree.add(file, target)
    return bool(libraries)


def is_program(file: pathlib.Path) -> bool:
    if not file.is_file():
        return False
    with open(file, "rb") as opened:
        return opened.read(4) == b"\x7fELF"


def stripped(cache: Cache, file: pathlib.Path) -> pathlib.Path:
    """The program without its symbols and debug information, which are most of its size."""
    status = file.stat()
    key = f"{file.resolve()} {status.st_mtime_ns} {status.st_size}"
    label = f"{file.name}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"

    def make(folder: pathlib.Path) -> None:
        # Not those of another program whose name begins with this one's.
        for old in (cache.folder / "stripped").glob(f"{file.name}-{'[0-9a-f]' * 16}"):
            if old != folder and old.stat().st_mtime < status.st_mtime - 3600:
                shutil.rmtree(old, ignore_errors=True)
        run("strip", "-o", folder / file.name, file)

    return cache.made_once(f"stripped/{label}", make) / file.name


def shared_libraries(file: pathlib.Path) -> dict[pathlib.Path, str]:
    """Library -> path in the machine, of a program that is linked dynamically; else nothing."""
    done = subprocess.run(["ldd", str(file)], capture_output=True, text=True, check=False)
    paths = re.findall(r"(?m)^\s*(?:\S+ => )?(/\S+) \(0x", done.stdout) if not done.returncode else []
    return {pathlib.Path(path): path for path in paths}
