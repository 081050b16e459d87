# SPDX-License-Identifier: Apache-2.0
"""What ran and how it went: a line for each case, the output of the failed ones, the sum."""

import sys
import threading


class Report:
    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.skipped = 0
        self._lock = threading.Lock()

    def stage(self, title: str) -> None:
        with self._lock:
            print(f"== {title}", flush=True)

    def note(self, text: str) -> None:
        with self._lock:
            print(text, flush=True)

    def passes(self, name: str, seconds: float, count: int = 1) -> None:
        cases = f" ({count} cases)" if count != 1 else ""
        self._line("PASS", name + cases, seconds)
        self.passed += count

    def skips(self, name: str, seconds: float, output: str = "") -> None:
        reason = output.strip().splitlines()
        self._line("SKIP", name + (f": {reason[-1]}" if reason else ""), seconds)
        self.skipped += 1

    def fails(self, name: str, seconds: float, output: str) -> None:
        self._line("FAIL", name, seconds, output)
        self.failed += 1

    def sum(self) -> str:
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"

    def _line(self, verdict: str, name: str, seconds: float, output: str = "") -> None:
        with self._lock:
            print(f"{verdict} {name} {seconds:.1f} s")
            for line in output.splitlines():
                print(f"    {line}")
            sys.stdout.flush()
