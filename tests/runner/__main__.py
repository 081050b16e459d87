# SPDX-License-Identifier: Apache-2.0
"""The stages of tests/run, in the order of how soon they find something."""

import argparse
import concurrent.futures
import os
import pathlib
import signal
import sys
import time

from builds import Build
import programs
from report import Report

SOURCE = pathlib.Path(__file__).resolve().parents[2]
VM_BOOT = SOURCE / "tests" / "vm" / "boot"
VM_CASES = SOURCE / "tests" / "vm" / "cases"
AT_ONCE = 2

# The least that must work in a machine: a confined service starts, is as declared, and stops.
SMOKE = ["sh", "-c", "svctl start heat && svctl verify heat && svctl stop heat"]

# They begin first, so that none of them is what everything waits for at last.
LONG_CASES = ["rounds", "launch", "launch-by-launcher"]
NEWER_KERNEL_CASES = ["rounds", "launch", "heat", "everything", "cgroup-keys", "joins"]

# The most time that one case of tests/run --all may take, in seconds.
LONGEST_OF_LONG = 3600

SANITIZER_SETTINGS = {"UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}


def side_by_side(work, items, at_once: int = AT_ONCE) -> None:
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        waiting = [pool.submit(work, item) for item in items]
        try:
            for one in waiting:
                one.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            programs.end_all()
            raise


def checks(report: Report, word: str, *, with_format: bool) -> None:
    report.stage("checks")
    for file in sorted((SOURCE / "tests" / "checks").iterdir()):
        if not os.access(file, os.X_OK) or (file.name == "format" and not with_format):
            continue
        name = f"check/{file.name}"
        if word in name:
            programs.run_script(report, name, [str(file)], cwd=SOURCE)


def suites(report: Report, build: Build, word: str, names: list[str], label: str = "") -> None:
    for suite in names:
        tests = build.tests(suite)
        if tests:
            report.stage(label + suite)
        # Launches are timed and counted, so they have the machine for themselves.
        at_once = AT_ONCE if suite in ("unit", "fuzz") else 1
        side_by_side(lambda test: build.run_test(report, test, word, label), tests, at_once)


def vm_smoke(report: Report, word: str) -> None:
    report.stage("vm")
    if word in "vm/smoke":
        programs.run_script(report, "vm/smoke", [str(VM_BOOT), "--", *SMOKE], cwd=SOURCE)


def scripts_in(folder: pathlib.Path) -> list[pathlib.Path]:
    files = sorted(folder.glob("*"), key=lambda file: (file.name not in LONG_CASES, file.name))
    return [file for file in files if os.access(file, os.X_OK) and file.is_file()]


def vm_cases(report: Report, word: str) -> None:
    report.stage("vm")

    def work(file: pathlib.Path) -> None:
        environment = {"VM_BOOT": str(VM_BOOT)}
        programs.run_script(report, f"vm/{file.name}", [str(file)], environment, SOURCE)

    side_by_side(work, [file for file in scripts_in(VM_CASES) if word in f"vm/{file.name}"])


def long_cases(report: Report, word: str, title: str, folder: pathlib.Path) -> None:
    """What takes minutes each, one at a time: they measure how long others wait."""
    label = folder.name
    chosen = [file for file in scripts_in(folder) if word in f"{label}/{file.name}"]
    if not chosen:
        return
    report.stage(title)
    for file in chosen:
        environment = {"VM_BOOT": str(VM_BOOT)}
        programs.run_script(
            report, f"{label}/{file.name}", [str(file)], environment, SOURCE, longest=LONGEST_OF_LONG
        )


def newer_kernel(report: Report, word: str, cases: list[str]) -> None:
    """The cases where kernels differ most, on the newest one that Debian offers."""
    names = [f"vm-backports/{case}" for case in cases]
    chosen = [name for name in names if word in name]
    if not chosen:
        return
    report.stage("vm with the kernel of Debian's backports")
    environment = {"VM_BOOT": str(VM_BOOT), "CONFINIT_VM_KERNEL": "backports"}
    start = time.monotonic()
    fetched = programs.run([str(VM_BOOT), "--show-kernel"], environment, SOURCE)
    if fetched.status != 0:
        why = (fetched.output.strip() or "no reason given").splitlines()[-1]
        report.skips("vm-backports", time.monotonic() - start, f"it cannot be had here: {why}")
        return
    report.note(pathlib.Path(fetched.output.strip()).name)

    def work(name: str) -> None:
        file = VM_CASES / pathlib.PurePath(name).name
        programs.run_script(report, name, [str(file)], environment, SOURCE)

    side_by_side(work, chosen)


def second_build(report: Report, word: str) -> None:
    """The other compiler, with its sanitizers and fuzzers: all in one build, to spare time."""
    report.stage("clang and sanitizers")
    options = ["-Db_sanitize=address,undefined", "-Dfuzzers=true", "-Doptimization=0"]
    # Eight files a compile take a third of the time. The first build compiles each file alone, so
    # that it finds a missing include. -Wshadow would compare a file's names with its neighbours'.
    options += ["--unity", "on", "-Dunity_size=8"]
    # Reports name lines; what a debugger would want beside these only takes time.
    options += ["-Ddebug=false", "-Dcpp_args=-gline-tables-only -Wno-shadow"]
    build = Build(SOURCE, "build-clang", options, "ccache clang++-19")
    sanitized = ["unit", "fuzz"]
    if not build.make(report, sanitized):
        return
    os.environ.update(SANITIZER_SETTINGS)
    suites(report, build, word, sanitized, "sanitized/")
    name = "sanitized/vm/smoke"
    if word in name:
        boot = [str(VM_BOOT), "--build", str(build.folder), "--memory", "1024"]
        programs.run_script(report, name, [*boot, "--", *SMOKE], cwd=SOURCE)


def main() -> int:
    parser = argparse.ArgumentParser(prog="tests/run", allow_abbrev=False)
    parser.add_argument("--quick", action="store_true", help="checks, unit, launch, one boot")
    parser.add_argument("--all", action="store_true", help="also what takes an hour and more")
    parser.add_argument("--filter", default="", metavar="WORD", help="only cases with this word")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    report, word = Report(), options.filter
    report.stage("build")
    # Reports and backtraces name lines with it; -g takes half as long again.
    build = Build(SOURCE, "build", ["-Ddebug=false", "-Dcpp_args=-g1"])
    if build.make(report):
        checks(report, word, with_format=not options.quick)
        suites(report, build, word, ["check", "unit", "launch"])
        if options.quick:
            vm_smoke(report, word)
        else:
            suites(report, build, word, ["system"])
            vm_cases(report, word)
            every_case = [file.name for file in scripts_in(VM_CASES)]
            newer_kernel(report, word, every_case if options.all else NEWER_KERNEL_CASES)
            # Whoever looks for one case does not want to wait for a second build.
            if not word or word.startswith("sanitized"):
                second_build(report, word)
            if options.all:
                long_cases(report, word, "vm, long", VM_CASES.parent / "long")
                long_cases(report, word, "packaging", SOURCE / "tests" / "packaging")
    print(report.sum())
    return 1 if report.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        programs.end_all()
        sys.exit(130)
