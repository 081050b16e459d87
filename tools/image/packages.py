# SPDX-License-Identifier: Apache-2.0
"""Debian packages with what they depend on, unpacked beside one another without their scripts."""

import hashlib
import pathlib
import re
import tempfile

from image.cache import Cache, HarnessError, download, run

# What exists for installing and configuring packages, of which nothing is done here. Declared as
# installed, so that neither they nor their own dependencies are fetched. Not among them are programs
# that others depend on in one exact version, as perl does on perl-base: apt would refuse those.
NEEDLESS = (
    "adduser base-passwd debconf dpkg init-system-helpers libaudit-common lsb-base "
    "passwd sensible-utils sysvinit-utils tzdata ucf usrmerge"
).split()


def unpacked_packages(cache: Cache, names: list[str]) -> list[pathlib.Path]:
    """One folder for each package of the closure, the dependencies first."""
    if not names:
        return []
    closure = _closure(cache, sorted(set(names)))
    missing = [item for item in closure if not (cache.folder / "packages" / item).exists()]
    if missing:
        _fetch(cache, missing)
    return [cache.folder / "packages" / item for item in closure]


def unpacked_alone(cache: Cache, name: str) -> pathlib.Path:
    """The folder of one package in whatever version there is, without its dependencies."""

    def make(folder: pathlib.Path) -> None:
        for file in download([name], folder):
            run("dpkg", "-x", file, folder)
            file.unlink()

    return cache.made_once(f"alone/{name}", make)


def _closure(cache: Cache, names: list[str]) -> list[str]:
    """The packages as NAME=VERSION, kept so that a second boot asks nobody."""
    label = hashlib.sha256(" ".join([*names, "without", *NEEDLESS]).encode()).hexdigest()[:16]

    def make(folder: pathlib.Path) -> None:
        (folder / "list").write_text("\n".join(_ask_apt(names)), encoding="ascii")

    return (cache.made_once(f"closures/{label}", make) / "list").read_text("ascii").split()


def _ask_apt(names: list[str]) -> list[str]:
    stanzas = [
        f"Package: {name}\nStatus: install ok installed\nVersion: 99:1\nArchitecture: amd64\n"
        f"Multi-Arch: foreign\n{'Provides: debconf-2.0' if name == 'debconf' else 'Section: misc'}\n"
        for name in NEEDLESS
        if name not in names
    ]
    with tempfile.TemporaryDirectory(prefix="confinit-apt-") as folder:
        status = pathlib.Path(folder) / "status"
        status.write_text("\n".join(stanzas), encoding="ascii")
        command = [
            "apt-get", "-qq", "--simulate",
            "-o", f"Dir::State::status={status}",
            "-o", f"Dir::State::extended_states={folder}/extended_states",
            "-o", "APT::Install-Recommends=0",
            "install", *names,
        ]  # fmt: skip
        try:
            text = run(*command)
        except HarnessError:
            run("apt-get", "-qq", "update")
            text = run(*command)
    return [f"{name}={version}" for name, version in re.findall(r"(?m)^Inst (\S+) \((\S+)", text)]


def _fetch(cache: Cache, items: list[str]) -> None:
    with cache.locked(), tempfile.TemporaryDirectory(dir=cache.folder) as work:
        packages = cache.folder / "packages"
        packages.mkdir(exist_ok=True)
        missing = [item for item in items if not (packages / item).exists()]
        if not missing:
            return
        files = download(missing, pathlib.Path(work))
        if len(files) != len(missing):
            raise HarnessError(f"{len(missing)} packages asked for, {len(files)} came")
        for file in files:
            name = run("dpkg-deb", "--field", file, "Package").strip()
            item = next(item for item in missing if item.split("=")[0] == name)
            run("dpkg", "-x", file, pathlib.Path(work) / name)
            (pathlib.Path(work) / name).rename(packages / item)
