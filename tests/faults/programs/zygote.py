"""Runs trials in processes of their own, without the start of an interpreter for each.

Reads one JSON object a line and forks for it. A child that acts says `GATE TID` where
it can be traced, and waits there for a line; what it says after that is its trial's. A
child that judges says `WRONG` and a JSON string for each thing that is. `ENDED STATUS`
comes when the child is gone, negative if by a signal.
"""

import ctypes
import json
import os
import sys
import threading
import traceback
from pathlib import Path

from small_world import say_nothing
from trials import TRIALS

DIED_OF_A_BUG = 70

PR_SET_PTRACER, PR_SET_PTRACER_ANY = 0x59616D61, ctypes.c_ulong(-1)
"""prctl(2)."""


def say(line: str) -> None:
    """Say one line with one `write`."""
    os.write(1, line.encode() + b"\n")


def act(command: dict[str, str]) -> None:
    """Be the process that is cut off."""
    trial, wanted = TRIALS[command["trial"]], command.get("gate")

    def gate(name: str) -> None:
        if name != wanted:
            return
        # Of the main thread, `threading` still has the id from before the fork.
        threads = {thread.name: thread.native_id for thread in threading.enumerate()}
        tid = os.getpid() if name == "main" else threads[f"alertbridge-{name}"]
        # Where only a parent may trace (Yama), let anybody.
        ctypes.CDLL(None).prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0)
        say(f"GATE {tid}")
        os.read(0, 1)

    trial.act(Path(command["folder"]), say, gate, command.get("mutant", ""))


def judge(command: dict[str, str]) -> None:
    """Say what is wrong with what was left."""
    said = command["said"].splitlines()
    for wrong in TRIALS[command["trial"]].judge(Path(command["folder"]), said):
        say(f"WRONG {json.dumps(wrong)}")


def prepare(command: dict[str, str]) -> None:
    """Make the files that a trial begins with."""
    TRIALS[command["trial"]].prepare(Path(command["folder"]), command["detail"])


DEEDS = {"act": act, "judge": judge, "prepare": prepare}


def main() -> None:
    """Fork for each line, one after the other."""
    # Lines of a log would be system calls of the trial's.
    say_nothing()
    while line := sys.stdin.readline():
        command = json.loads(line)
        child = os.fork()
        if child == 0:
            try:
                DEEDS[command["do"]](command)
            except BaseException:  # noqa: BLE001 - a child must end here, however
                say(f"WRONG {json.dumps(traceback.format_exc()[-1500:])}")
                os._exit(DIED_OF_A_BUG)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        say(f"ENDED {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main()
