# SPDX-License-Identifier: Apache-2.0
"""The virtual machine: qemu, its console, and the second serial line that carries a command.

Two serial ports work on every kernel without a module. The first is the console. Over the second
comes the command's output, byte for byte, then one line with a random token and the exit status;
the machine is answered with a line end, so that it powers off only when everything has arrived.
"""

import ctypes
import dataclasses
import os
import pathlib
import secrets
import select
import shlex
import signal
import socket
import subprocess
import sys
import time

TIMED_OUT = 124
MACHINE_FAILED = 125

# From the command's end to the machine's. A PID 1 that needs longer is stuck.
POWER_OFF_SECONDS = 60

# The time that the kernel has to write where its tasks are, once the machine has had too long.
DUMP_SECONDS = 60

# `{target}` is filled in.
UNIT = """\
[unit]
description = "The command that the machine was started for"
wants = ["{target}"]
after = ["{target}"]

[service]
type = "oneshot"
command = ["/usr/lib/confinit/vm-command"]
start_timeout = "1d"
operator = true
"""

# `{token}` and `{words}` are filled in. Everything goes through one pipe, so that the status cannot
# overtake the output, and no process of the command can hold the machine up.
SCRIPT = """\
#!/bin/sh
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root USER=root LOGNAME=root SHELL=/bin/sh TERM=dumb
exec 4<>/dev/ttyS1
stty raw -echo <&4
mkfifo /run/vm-command.pipe
cat </run/vm-command.pipe >&4 &
exec 3>/run/vm-command.pipe
( cd /root; exec {words} ) </dev/null >&3 2>&1 3>&- 4>&-
status=$?
printf '\\n{token} %d\\n' "$status" >&3
read -r _ <&4
exec 3>&- 4>&-
svctl poweroff >/dev/null || poweroff -f
"""


def unit_of_command(words: list[str]) -> tuple[str, list[str]]:
    """The unit that runs the command once boot is done, and the kernel's words that start it.

    The machine's own target, `default` or what a word names, is still started, and before it.
    """
    ours = "confinit.unit="
    all_words = " ".join(words).split(" ")
    target = next((word[len(ours) :] for word in all_words if word.startswith(ours)), "default")
    others = [word for word in all_words if not word.startswith(ours)]
    return UNIT.replace("{target}", target), [*others, ours + "vm-command"]


@dataclasses.dataclass
class Machine:
    kernel: pathlib.Path
    initramfs: pathlib.Path
    console: pathlib.Path
    second: pathlib.Path | None = None  # of the second serial line, where no command uses it
    memory: int = 512
    cpus: int = 2
    words: str = ""
    # Then a nanosecond of the machine is one of its instructions, whatever the host does: figures
    # repeat, and waiting takes no time. The emulator can do it for one CPU only.
    counts_instructions: bool = False


class CommandChannel:
    """This side of the second serial line: what came in, split into output and status."""

    def __init__(self):
        self.token = "confinit-vm-" + secrets.token_hex(8)
        self.status: int | None = None
        self._mark = f"\n{self.token} ".encode()
        self._held = b""

    def script(self, words: list[bytes]) -> bytes:
        quoted = b" ".join(os.fsencode(shlex.quote(os.fsdecode(word))) for word in words)
        return SCRIPT.encode().replace(b"{token}", self.token.encode()).replace(b"{words}", quoted)

    def received(self, data: bytes) -> bytes:
        """Takes bytes from the line; returns those that are certainly output."""
        if self.status is not None:
            return b""
        self._held += data
        before, mark, after = self._held.partition(self._mark)
        if not mark:
            end = len(self._held) - self._longest_tail_of_mark()
            output, self._held = self._held[:end], self._held[end:]
            return output
        if b"\n" not in after:
            self._held = mark + after
            return before
        self.status = int(after.split(b"\n")[0])
        return before

    def rest(self) -> bytes:
        """What was held back, when the machine ended before it could become a mark."""
        rest, self._held = self._held, b""
        return rest if self.status is None else b""

    def _longest_tail_of_mark(self) -> int:
        longest = min(len(self._held), len(self._mark) - 1)
        return next(n for n in range(longest, -1, -1) if self._held.endswith(self._mark[:n]))


def run_command(machine: Machine, channel: CommandChannel, timeout: float) -> int:
    """Boots, passes the command's output to standard output, and returns the status to exit with."""
    ours, theirs = socket.socketpair()
    monitor, theirs_of_monitor = socket.socketpair()
    with ours, theirs, monitor, theirs_of_monitor:
        qemu = subprocess.Popen(
            [
                *_qemu(machine),
                "-display", "none",
                "-chardev", f"socket,id=monitor,fd={theirs_of_monitor.fileno()}",
                "-mon", "chardev=monitor,mode=readline",
                "-chardev", f"file,id=console,path={machine.console}",
                "-serial", "chardev:console",
                "-chardev", f"socket,id=command,fd={theirs.fileno()}",
                "-serial", "chardev:command",
            ],  # fmt: skip
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            pass_fds=[theirs.fileno(), theirs_of_monitor.fileno()],
            start_new_session=True,
            preexec_fn=_die_with_parent,
        )
        theirs.close()
        try:
            status = _converse(qemu, ours, channel, timeout)
            if qemu.poll() is None:
                _dump_tasks(qemu, monitor)
            return status
        finally:
            qemu.kill()
            qemu.wait()


def run_until_end(machine: Machine, timeout: float) -> int:
    """Boots, and waits for the end that the machine comes to by itself; returns the code it tells."""
    try:
        ended = subprocess.run(
            [
                *_qemu(machine),
                "-display", "none",
                "-chardev", f"file,id=console,path={machine.console}",
                "-serial", "chardev:console",
                "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
                "-chardev", f"file,id=second,path={machine.second}",
                "-serial", "chardev:second",
            ],  # fmt: skip
            stdin=subprocess.DEVNULL,
            timeout=timeout,
            check=False,
            preexec_fn=_die_with_parent,
        )
    except subprocess.TimeoutExpired:
        print(f"no end after {timeout:g} s", file=sys.stderr)
        return TIMED_OUT
    # The device makes (code << 1) | 1 of what is written to its port.
    return ended.returncode >> 1


def run_interactive(machine: Machine, timeout: float | None) -> int:
    """Boots with this terminal as the console; Ctrl-A X ends the machine."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    qemu = subprocess.Popen(
        [*_qemu(machine), "-display", "none", "-serial", "mon:stdio"],
        preexec_fn=_die_with_parent,
    )
    try:
        return 0 if qemu.wait(timeout) == 0 else MACHINE_FAILED
    except subprocess.TimeoutExpired:
        return TIMED_OUT
    finally:
        qemu.kill()
        qemu.wait()
        signal.signal(signal.SIGINT, before)


# no_timer_check: emulation on a busy host is too late for the kernel's test of its timer, which
# would panic. init=: an /init that cannot be executed is a panic too, not a shell. The self-tests
# of the kernel's cryptography cost a tenth of the boot. clearcpuid: QEMU 7.2 spoils the flags after
# a cmpxchg16b that fails, which the kernel's allocator does not survive; programs may use it.
# unknown_nmi_panic, panic_print=1: all tasks are told where an NMI comes.
KERNEL_WORDS = (
    "console=ttyS0 quiet panic=-1 no_timer_check cryptomgr.notests clearcpuid=cx16 init=/init "
    "unknown_nmi_panic panic_print=1"
)


def _qemu(machine: Machine) -> list[str]:
    # Never KVM: emulation is the same on every machine. All CPUs in turns: a kernel patches its own
    # code while it runs, and with a thread for each CPU the emulator at times shows another one the
    # breakpoint that stood there meanwhile, for ever.
    accelerator = "tcg,thread=single"
    return [
        "qemu-system-x86_64",
        "-M", "q35", "-accel", accelerator, "-cpu", "max",
        "-nodefaults", "-no-reboot", "-no-user-config",
        "-m", str(machine.memory), "-smp", str(machine.cpus),
        "-kernel", str(machine.kernel), "-initrd", str(machine.initramfs),
        "-append", f"{KERNEL_WORDS} {machine.words}".strip(),
        *(["-icount", "shift=0,sleep=off"] if machine.counts_instructions else []),
    ]  # fmt: skip


def _die_with_parent() -> None:
    set_parent_death_signal = 1  # PR_SET_PDEATHSIG of prctl(2)
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def _converse(qemu, line: socket.socket, channel: CommandChannel, timeout: float) -> int:
    deadline = time.monotonic() + timeout
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            if channel.status is None:
                _print(channel.rest())
                print(f"no end after {timeout:g} s", file=sys.stderr)
                return TIMED_OUT
            print(f"PID 1 did not power off within {POWER_OFF_SECONDS} s", file=sys.stderr)
            return MACHINE_FAILED
        readable, _, _ = select.select([line], [], [], left)
        data = line.recv(65536) if readable else None
        if data is None:
            continue
        if not data:
            break
        already_over = channel.status is not None
        _print(channel.received(data))
        if channel.status is not None and not already_over:
            line.sendall(b"\n")
            deadline = time.monotonic() + POWER_OFF_SECONDS
    _print(channel.rest())
    _, errors = qemu.communicate()
    if channel.status is not None and qemu.returncode == 0:
        return channel.status
    sys.stderr.write(errors.decode(errors="replace"))
    print("the machine ended before the command did", file=sys.stderr)
    return MACHINE_FAILED


def _dump_tasks(qemu, monitor: socket.socket) -> None:
    """Makes the kernel tell on the console where PID 1 and all others are, by a panic."""
    try:
        monitor.sendall(b"nmi\n")
        qemu.wait(DUMP_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        print("the kernel does not answer an NMI", file=sys.stderr)


def _print(data: bytes) -> None:
    if data:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
