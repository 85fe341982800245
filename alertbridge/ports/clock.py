"""The port of time: everything else gets `now` as an argument."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Where `now` comes from. Wall-clock jumps do not show in it."""

    def now(self) -> datetime:
        """The time, aware, UTC."""
        ...
