# SPDX-License-Identifier: Apache-2.0
"""The folder where kernels and packages are kept between boots, safe for boots in parallel."""

import contextlib
import fcntl
import pathlib
import shutil
import subprocess
import sys


class HarnessError(Exception):
    """Something outside the virtual machine is not as the harness needs it."""


class Cache:
    """One folder; everything below it is made once and then only read."""

    def __init__(self, folder: pathlib.Path):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    @contextlib.contextmanager
    def locked(self):
        """Only one process at a time fills the cache."""
        with open(self.folder / "lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def made_once(self, name: str, make) -> pathlib.Path:
        """The folder of this name, filled by `make(folder)` if it is not there yet.

        It takes its name only when it is whole, so that an interrupted run leaves nothing half.
        """
        target = self.folder / name
        if target.exists():
            return target
        with self.locked():
            if target.exists():
                return target
            half = target.with_name(target.name + ".half")
            shutil.rmtree(half, ignore_errors=True)
            half.mkdir(parents=True)
            make(half)
            half.rename(target)
        return target


def run(*command, cwd=None) -> str:
    """The output of a command that must succeed."""
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise HarnessError(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


def download(names: list[str], folder: pathlib.Path, apt_options=()) -> list[pathlib.Path]:
    """The .deb files of these packages. Old package lists are brought up to date once."""
    options = ["-qq", "-o", "APT::Sandbox::User=root", *apt_options]
    try:
        run("apt-get", *options, "download", *names, cwd=folder)
    except HarnessError:
        print("bringing the package lists up to date", file=sys.stderr)
        run("apt-get", *options, "update")
        run("apt-get", *options, "download", *names, cwd=folder)
    return sorted(folder.glob("*.deb"))
