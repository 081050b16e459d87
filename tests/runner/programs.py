# SPDX-License-Identifier: Apache-2.0
"""Runs one test program: a script that speaks by its exit status, or a Catch2 binary."""

import html
import os
import pathlib
import re
import signal
import subprocess
import time

from report import Report

SKIPPED = 77
LONGEST_SECONDS = 600

# What runs now, for an interrupted run to end.
running: set[subprocess.Popen[bytes]] = set()


class Ended:
    def __init__(self, status: int, output: str, seconds: float):
        self.status = status
        self.output = output
        self.seconds = seconds


def run(
    command: list[str],
    environment: dict[str, str] | None = None,
    cwd=None,
    longest: float = LONGEST_SECONDS,
) -> Ended:
    """Runs a program in its own session, which is ended as a whole when it takes too long."""
    start = time.monotonic()
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(environment or {})},
        cwd=cwd,
        start_new_session=True,
    )
    running.add(process)
    try:
        output, _ = process.communicate(timeout=longest)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        output += f"\nended after {longest:g} s".encode()
    finally:
        running.discard(process)
    text = output.decode(errors="replace")
    return Ended(process.returncode, text, time.monotonic() - start)


def end_all() -> None:
    for process in list(running):
        os.killpg(process.pid, signal.SIGTERM)


def run_script(
    report: Report, name: str, command, environment=None, cwd=None, longest=LONGEST_SECONDS
) -> None:
    ended = run(command, environment, cwd, longest)
    if ended.status == 0:
        report.passes(name, ended.seconds)
    elif ended.status == SKIPPED:
        report.skips(name, ended.seconds, ended.output)
    else:
        report.fails(name, ended.seconds, f"{ended.output}exit status {ended.status}")


def run_catch2(report: Report, name: str, command, word: str, environment=None, cwd=None) -> None:
    """Each TEST_CASE counts. A binary that does not reach its end counts as one more failure."""
    choice = [word if word.startswith("[") else f"*{word}*"] if word and word not in name else []
    xml = run([*command, "--reporter", "xml", *choice], environment, cwd)
    pattern = r'<TestCase name="([^"]*)"(.*?)<OverallResult success="(\w+)"'
    results = re.findall(pattern, xml.output, re.DOTALL)
    wrong = [(html.unescape(case), told) for case, told, success in results if success != "true"]
    if results and len(wrong) < len(results):
        report.passes(name, xml.seconds, len(results) - len(wrong))
    for case, told in wrong:
        again = run([*command, *_only(case)], environment, cwd)
        # A case that fails in company alone is told by the first run.
        first = f"the first time:\n{told}\n" if again.status == 0 else ""
        report.fails(f"{name}: {case}", again.seconds, again.output + first)
    reached_its_end = "</Catch>" in xml.output and xml.status >= 0
    if not reached_its_end or (xml.status != 0 and not wrong):
        tail = "\n".join(xml.output.splitlines()[-60:])
        report.fails(name, xml.seconds, f"{tail}\nexit status {xml.status}")


def _only(case: str) -> list[str]:
    """A Catch2 test specification in which the characters of its little language are escaped."""
    return [re.sub(r"([\\,\[\]*\"])", r"\\\1", case)]


def is_catch2(program: pathlib.Path) -> bool:
    with open(program, "rb") as opened:
        start = opened.read(4)
        return start == b"\x7fELF" and b"list-test-names-only" in opened.read()
