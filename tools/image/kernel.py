# SPDX-License-Identifier: Apache-2.0
"""Debian's kernels for virtual machines: fetched, unpacked, never installed; and their modules."""

import dataclasses
import lzma
import pathlib
import re

from image.archive import Tree
from image.cache import Cache, HarnessError, download, run

META_PACKAGE = "linux-image-cloud-amd64"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

# Loaded on demand in the machine: what services and tests of confinement meet most.
DEFAULT_MODULES = (
    "overlay squashfs loop fuse isofs veth bridge tun dummy macvlan vsock vsock_loopback nf_tables "
    "virtio_pci virtio_blk virtio_net"
).split()


@dataclasses.dataclass
class Kernel:
    image: pathlib.Path
    modules: pathlib.Path | None  # .../lib/modules/VERSION; absent for a foreign kernel


def debian_kernel(cache: Cache) -> Kernel:
    """The one of the Debian release that this machine has."""
    return _kernel_in(cache.made_once("kernel", _fetch))


def backports_kernel(cache: Cache) -> Kernel:
    """The newest one that Debian offers for this release, from its backports."""
    folder = cache.made_once("apt-backports", _describe_backports)
    options = _apt_options(folder)

    def fetch(target: pathlib.Path) -> None:
        run("apt-get", "-qq", *options, "update")
        _fetch(target, options)

    return _kernel_in(cache.made_once("kernel-backports", fetch))


def _kernel_in(folder: pathlib.Path) -> Kernel:
    return Kernel(
        image=_only(folder.glob("boot/vmlinuz-*"), "kernel image"),
        modules=_only(folder.glob("lib/modules/*"), "module folder"),
    )


def _describe_backports(folder: pathlib.Path) -> None:
    """A configuration of apt beside this machine's own: its mirror and its keyring, one suite."""
    targets = run(
        "apt-get", "indextargets", "--format", "$(ORIGIN)|$(CODENAME)|$(REPO_URI)",
        "Created-By: Packages",
    )  # fmt: skip
    # Of Debian's suites the release itself is the one without a dash: bookworm, bookworm-updates.
    release = re.search(r"(?m)^Debian\|([a-z]+)\|(\S+)$", targets)
    if not release:
        raise HarnessError("apt knows no Debian release here, so none whose backports there are")
    codename, mirror = release.groups()
    signed = f"[signed-by={KEYRING}] " if pathlib.Path(KEYRING).exists() else ""
    source = f"deb {signed}{mirror} {codename}-backports main\n"
    (folder / "sources.list").write_text(source, encoding="ascii")
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True)


def _apt_options(folder: pathlib.Path) -> list[str]:
    settings = (
        "APT::Sandbox::User=root",
        f"Dir::Etc::sourcelist={folder}/sources.list",
        "Dir::Etc::sourceparts=-",
        f"Dir::State::lists={folder}/lists",
        f"Dir::Cache={folder}/cache",
    )
    return [word for setting in settings for word in ("-o", setting)]


def _fetch(folder: pathlib.Path, apt_options=()) -> None:
    def kernel_packages() -> list[str]:
        text = run("apt-cache", *apt_options, "depends", META_PACKAGE)
        return re.findall(r"Depends: (linux-image-\S+)", text)

    depends = kernel_packages()
    if not depends:
        run("apt-get", "-qq", *apt_options, "update")
        depends = kernel_packages()
    if not depends:
        raise HarnessError(f"{META_PACKAGE} names no kernel package")
    for package in download([depends[0]], folder, apt_options):
        run("dpkg", "-x", package, folder)
        package.unlink()
    for packed in folder.glob("lib/modules/*/kernel/**/*.ko.xz"):
        packed.with_suffix("").write_bytes(lzma.decompress(packed.read_bytes()))
        packed.unlink()


def _only(paths, what: str) -> pathlib.Path:
    found = sorted(paths)
    if len(found) != 1:
        raise HarnessError(f"expected one {what} in the kernel package, found {len(found)}")
    return found[0]


class ModuleSet:
    """Some modules with all that they need, and the index files that modprobe reads."""

    def __init__(self, folder: pathlib.Path, names: list[str]):
        self._folder = folder
        self._by_name = {_plain(path.stem): path for path in folder.glob("kernel/**/*.ko")}
        builtin = (folder / "modules.builtin").read_text(encoding="ascii").split()
        self._builtin = {_plain(pathlib.PurePath(path).stem) for path in builtin}
        self.files: dict[str, pathlib.Path] = {}  # path below the module folder -> file
        self._dependencies: dict[str, list[str]] = {}
        self._aliases: list[str] = []
        for name in names:
            self._take(_plain(name))

    def index_files(self) -> dict[str, str]:
        # modprobe loads a line of modules.dep from its end to its beginning.
        lines = [
            f"{path}: {' '.join(reversed(first))}\n" for path, first in self._dependencies.items()
        ]
        return {"modules.dep": "".join(lines), "modules.alias": "".join(self._aliases)}

    def _take(self, name: str) -> list[str]:
        """Takes a module and what it needs; the answer is the order in which to load them."""
        if name in self._builtin:
            return []
        if name not in self._by_name:
            raise HarnessError(f"the kernel has no module '{name}'")
        file = self._by_name[name]
        path = str(file.relative_to(self._folder))
        if path not in self._dependencies:
            first: list[str] = []
            for needed in _module_info(file, "depends"):
                first += [item for item in self._take(_plain(needed)) if item not in first]
            self.files[path] = file
            self._dependencies[path] = first
            self._aliases += [f"alias {alias} {name}\n" for alias in _module_info(file, "alias")]
        return [*self._dependencies[path], path]


def add_modules(tree: Tree, folder: pathlib.Path, names: list[str]) -> None:
    modules = ModuleSet(folder, names)
    target = f"usr/lib/modules/{folder.name}"
    for path, file in modules.files.items():
        tree.add(file, f"{target}/{path}")
    for path, text in modules.index_files().items():
        tree.text(f"{target}/{path}", text)
    for name in ("modules.builtin", "modules.builtin.modinfo"):
        tree.add(folder / name, f"{target}/{name}")


def _plain(name: str) -> str:
    return name.replace("-", "_")


def _module_info(file: pathlib.Path, key: str) -> list[str]:
    """The values of a key in the .modinfo section: NUL-ended `key=value` strings."""
    values = re.findall(rb"\0" + key.encode() + rb"=([^\0]*)(?=\0)", file.read_bytes())
    words = [word for value in values for word in value.decode("ascii").split(",")]
    return [word for word in words if word]
