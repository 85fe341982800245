"""Standard streams that are closed, opened on nothing."""

import os
import sys


def open_missing() -> None:
    """Open what is closed of 0, 1 and 2, so that no other file takes their numbers.

    Whatever a library writes to standard error would otherwise go into a socket.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest number that is free, which is this one.
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = os.fdopen(1, "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", encoding="utf-8")
