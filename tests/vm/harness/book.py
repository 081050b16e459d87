# SPDX-License-Identifier: Apache-2.0
"""Turns the pages of doc/book into the script of a case: `book.py PAGE...` prints it.

A block of `sh` is run as a whole. In one of `console` a line that begins with "$ " is a command, and
what it prints stands below it: "..." within a line is any text, and alone in it any lines. A command
without output below it may print anything. Each has to end with 0.
"""

import pathlib
import re
import shlex
import sys
import typing

# A reader takes his time, so that a command whose output is not there yet is tried again.
TRY = r"""
# try NAME COMMAND MATCHER: the function ends with 0 and prints what the other one takes.
try() {
    deadline=$(($(cut -d. -f1 /proc/uptime) + 15))
    while :; do
        output=$("$2" 2>&1)
        status=$?
        [ "$status" = 0 ] && "$3" "$output" && { echo "ok: $1"; return; }
        [ "$(cut -d. -f1 /proc/uptime)" -lt "$deadline" ] || break
        usleep 200000
    done
    echo "$output"
    fail "$1: exit status $status, or another output than the book's"
}
"""


class Step(typing.NamedTuple):
    place: str
    command: str
    output: list[str]


def steps_of(page: pathlib.Path) -> list[Step]:
    steps: list[Step] = []
    kind = ""
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if line.startswith("```"):
            kind = "" if kind else line[3:] or "other"
            if kind == "sh":
                steps.append(Step(f"{page.name}:{number + 1}", "set -e", []))
        elif kind == "sh":
            steps[-1] = steps[-1]._replace(command=f"{steps[-1].command}\n{line}")
        elif kind == "console" and line.startswith("$ "):
            steps.append(Step(f"{page.name}:{number}", line[2:], []))
        elif kind == "console":
            steps[-1].output.append(line)
        elif kind:
            raise ValueError(f"{page.name}:{number}: a block is sh or console, not {kind}")
    return steps


def pattern_of(line: str) -> str:
    return "*".join(shlex.quote(part) if part else "" for part in line.split("..."))


def pattern(output: list[str]) -> str:
    """The lines as a pattern of the shell's `case`."""
    if not output:
        return "*"
    newline = "'\n'"
    text = newline.join(pattern_of(line) for line in output)
    # Any lines may be no lines.
    return re.sub(rf"(^|{newline})\*({newline}|$)", "*", re.sub(rf"\*{newline}\*", "*", text))


def script(pages: list[pathlib.Path]) -> str:
    text = TRY
    for number, step in enumerate(step for page in pages for step in steps_of(page)):
        name = f"{step.place}: {step.command.splitlines()[0 if step.command[:3] != 'set' else -1]}"
        text += f"run_{number}() (\n{step.command}\n)\n"
        text += f"match_{number}() {{ case $1 in {pattern(step.output)}) ;; *) return 1 ;; esac; }}\n"
        text += f"try {shlex.quote(name)} run_{number} match_{number}\n"
    return text


if __name__ == "__main__":
    print(script([pathlib.Path(name) for name in sys.argv[1:]]))
