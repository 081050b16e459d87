# SPDX-License-Identifier: Apache-2.0
"""Configures and builds a build folder, and tells which tests it has."""

import json
import os
import pathlib
import subprocess
import sys
import time

import programs
from report import Report


class Build:
    def __init__(self, source: pathlib.Path, name: str, options=(), compiler: str = ""):
        self.source = source
        self.name = name
        self.folder = source / name
        self._options = list(options)
        self._compiler = compiler

    def make(self, report: Report, suites=()) -> bool:
        """Builds everything, or what is installed and what these suites run; and the fuzzers.

        Says what is wrong when it does not build, and then answers false.
        """
        start = time.monotonic()
        if not (self.folder / "build.ninja").exists():
            setup = ["meson", "setup", *self._options, str(self.folder), str(self.source)]
            if not self._succeeds(report, setup):
                return False
        wanted = self._wanted(suites) if suites else ["all"]
        if not self._succeeds(report, ["ninja", "-C", str(self.folder), *wanted, *self._fuzzers()]):
            return False
        report.note(f"built {self.name}/ in {time.monotonic() - start:.1f} s")
        return True

    def _fuzzers(self) -> list[str]:
        """The programs that an ordinary build leaves out."""
        return self._files(lambda target: target["name"].endswith("-fuzzer"))

    def _wanted(self, suites) -> list[str]:
        tests = [test for suite in suites for test in self.tests(suite)]
        run = {test["cmd"][0] for test in tests}
        helpers = {target for test in tests for target in test["depends"]}
        return self._files(
            lambda target: target["installed"]
            or target["id"] in helpers
            or set(target["filename"]) & run
        )

    def _files(self, is_chosen) -> list[str]:
        file = self.folder / "meson-info" / "intro-targets.json"
        targets = json.loads(file.read_text(encoding="utf-8"))
        files = [pathlib.Path(name) for one in targets if is_chosen(one) for name in one["filename"]]
        return [str(file.relative_to(self.folder)) for file in files]

    def tests(self, suite: str) -> list[dict]:
        """The tests of a suite as Meson wrote them down."""
        file = self.folder / "meson-info" / "intro-tests.json"
        known = json.loads(file.read_text(encoding="utf-8"))
        return [one for one in known if any(s.split(":")[-1] == suite for s in one["suite"])]

    def run_test(self, report: Report, test: dict, word: str, label: str = "") -> None:
        name = f"{label}{test['name']}"
        command = test["cmd"]
        environment = {**test["env"], "CONFINIT_BUILD": str(self.folder)}
        cwd = test["workdir"] or self.source
        if programs.is_catch2(pathlib.Path(command[0])):
            programs.run_catch2(report, name, command, word, environment, cwd)
        elif word in name:
            programs.run_script(report, name, command, environment, cwd)

    def _succeeds(self, report: Report, command: list[str]) -> bool:
        start = time.monotonic()
        environment = dict(os.environ)
        if self._compiler:
            environment["CXX"] = self._compiler
        watched = sys.stdout.isatty()
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=None if watched else subprocess.PIPE,
            stderr=None if watched else subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode != 0:
            output = _without_progress(done.stdout or "")
            report.fails(f"build {self.name}", time.monotonic() - start, output)
        return done.returncode == 0


def _without_progress(output: str) -> str:
    lines = [line for line in output.splitlines() if not line.startswith("[")]
    return "\n".join(lines[:200])
