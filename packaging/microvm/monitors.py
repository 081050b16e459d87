# SPDX-License-Identifier: Apache-2.0
"""What a virtual machine monitor is told about an image: its files, its memory, its kernel words."""

import json
import os
import pathlib
import re

# The files of an image, by their names in its folder.
KERNEL, BZIMAGE, INITRAMFS = "vmlinux", "vmlinuz", "initramfs"
WORDS, MEMORY = "cmdline", "memory"
FIRECRACKER, CLOUD_HYPERVISOR = "vm_config.json", "cloud-hypervisor"

# panic=-1: a panic ends the machine. reboot=t: the processor's own reset, which each of them takes
# for the end; Firecracker has nothing else. 8250.nr_uarts: no look for ports that are not there.
COMMON_WORDS = "console=ttyS0 quiet panic=-1 reboot=t 8250.nr_uarts=2 init=/init"


def firecracker(words: str, memory: int, cpus: int) -> str:
    """For `firecracker --config-file`, started in the folder of the image."""
    config = {
        "boot-source": {
            "kernel_image_path": KERNEL,
            "initrd_path": INITRAMFS,
            "boot_args": words,
        },
        "drives": [],
        "machine-config": {"vcpu_count": cpus, "mem_size_mib": memory},
    }
    return json.dumps(config, indent=2) + "\n"


CLOUD_HYPERVISOR_SCRIPT = """\
#!/bin/sh
# Boots this image under cloud-hypervisor, whose further options may follow.
cd "$(dirname "$0")" || exit 1
exec cloud-hypervisor --kernel {kernel} --initramfs {initramfs} --cmdline "$(cat {words})" \\
    --cpus boot={cpus} --memory size={memory}M --serial tty --console off "$@"
"""


def cloud_hypervisor(memory: int, cpus: int) -> str:
    return CLOUD_HYPERVISOR_SCRIPT.format(
        kernel=KERNEL, initramfs=INITRAMFS, words=WORDS, memory=memory, cpus=cpus
    )


def emulator_words() -> list[str]:
    """What a kernel has to be told where qemu emulates the processor.

    The machine has no timer to measure the time stamp counter by, and a hypervisor would tell its
    frequency: the emulated one is the host's own. QEMU 7.2 spoils the flags after a cmpxchg16b that
    fails, which the kernel's allocator does not survive.
    """
    found = re.search(r"cpu MHz\s*: (\d+)", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"))
    khz = int(found[1]) * 1000 if found else 1_000_000
    return [f"tsc_early_khz={khz}", "no_timer_check", "clearcpuid=cx16"]


def qemu(folder: pathlib.Path, accelerator: str, memory: int | None, words: list[str]) -> list[str]:
    """The command without its devices."""
    default = int((folder / MEMORY).read_text(encoding="ascii"))
    if accelerator.startswith("tcg"):
        words = [*emulator_words(), *words]
    line = " ".join([(folder / WORDS).read_text(encoding="utf-8").strip(), *words])
    return [
        "qemu-system-x86_64", "-M", "microvm", "-accel", accelerator, "-cpu", "max",
        "-nodefaults", "-no-user-config", "-no-reboot", "-display", "none",
        "-m", str(memory or default), "-smp", "1",
        "-kernel", str(folder / BZIMAGE), "-initrd", str(folder / INITRAMFS), "-append", line,
    ]  # fmt: skip


def best_accelerator() -> str:
    return "kvm" if os.access("/dev/kvm", os.R_OK | os.W_OK) else "tcg"
