"""Whether a spool is drained, from what was seen waiting in it. Pure.

A dead modem takes every file and rings no phone. What shows it is that files wait and
none leaves. Times are seconds of a monotonic clock: a clock that is set changes
nothing here. What a restart forgets is learnt again in `after` seconds.
"""

from collections.abc import Collection

LONGEST_REST = 1800.0
"""Seconds between two trials of a spool that stays dead, at the most."""


class Stall:
    """Knows since when files wait, and whether one more may be added.

    Once files were taken back, nothing is left that could show that the modem works
    again. So one message is let through now and then, as a trial: it leaves, and the
    stall is over, or it is taken back like the others.
    """

    def __init__(self, after: float) -> None:
        self._after = after
        self._since: dict[str, float] = {}
        self._left_at: float | None = None
        self._rest = after
        self._rests_until: float | None = None
        self._back: set[str] = set()

    def see(self, waiting: Collection[str], at: float) -> None:
        """Note what waited *at* that time; a file that is gone has been dealt with.

        Looks take time, and are told of late: what was added after one began is not
        gone for being missing in it, nor here again for being in it once taken back.
        """
        there = set(waiting) - self._back
        gone = {
            name
            for name, since in self._since.items()
            if name not in there and since <= at
        }
        for name in gone:
            del self._since[name]
        if gone:
            self._left_at = at
            self._rest = self._after
            self._rests_until = None
        for name in there:
            self._since.setdefault(name, at)

    def add(self, name: str, at: float) -> None:
        """Note a file that was put there just now."""
        self._back.discard(name)
        self._since.setdefault(name, at)

    def stuck(self, at: float) -> tuple[str, ...]:
        """Name what waits too long, with nothing leaving meanwhile."""
        left_at = at - self._after if self._left_at is None else self._left_at
        return tuple(
            name
            for name, since in self._since.items()
            if at - max(since, left_at) >= self._after
        )

    def take_back(self, names: Collection[str], at: float) -> None:
        """Note that we took *names* out ourselves: nobody has dealt with them."""
        taken = [name for name in names if self._since.pop(name, None) is not None]
        self._back.update(taken)
        if taken:
            self._rests_until = at + self._rest
            self._rest = min(self._rest * 2, LONGEST_REST)

    def refusal(self, at: float) -> str | None:
        """Say why nothing may be added now; None if something may."""
        stuck = self.stuck(at)
        if stuck:
            files = "1 file waits" if len(stuck) == 1 else f"{len(stuck)} files wait"
            return f"{files} and none has left for {self._after:.0f} s"
        if self._rests_until is None:
            return None
        if at < self._rests_until:
            return (
                "nothing was taken, and what waited went another way; the next message"
                f" is a trial in {self._rests_until - at:.0f} s"
            )
        return "a message is on trial" if self._since else None
