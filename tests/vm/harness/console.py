# SPDX-License-Identifier: Apache-2.0
"""The console's log of a machine that failed: its end, and where its programs were."""

import collections
import re

LINES_SHOWN = 60
TASKS_OF_ONE_NAME = 2

_DUMP = re.compile(r"NMI received for unknown reason")
_TASK = re.compile(r"task:(\S+) .* pid:(\d+) +ppid:(\d+)")
_END_OF_TASKS = re.compile(r"Sched Debug Version|Mem-Info|Workqueue|Showing busy")
_KTHREADD = "2"
# Guesses of the kernel's, and registers.
_NOISE = re.compile(r"\]  \? |\] (?!RIP)R..: |\]  </?TASK>|Call Trace:")


def end_of_log(lines: list[str]) -> list[str]:
    """The last lines of the log, then the kernel's dump of tasks, a few of each program."""
    dump = next((at for at, line in enumerate(lines) if _DUMP.search(line)), len(lines))
    return [*lines[max(0, dump - LINES_SHOWN) : dump], *_programs(lines[dump:])]


def _programs(lines: list[str]) -> list[str]:
    shown: list[str] = []
    seen: collections.Counter[str] = collections.Counter()
    is_shown = True
    for line in lines:
        if task := _TASK.search(line):
            name, *pids = task.groups()
            seen[name] += 1
            is_shown = _KTHREADD not in pids and seen[name] <= TASKS_OF_ONE_NAME
        elif _END_OF_TASKS.search(line):
            is_shown = False
        if is_shown and not _NOISE.search(line):
            shown.append(line)
    return shown
