"""Exhaustive search: every state that a protocol can reach, and how it got there."""

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import pytest

S = TypeVar("S", bound=Hashable)

Moves = Callable[[S], Iterable[tuple[str, S]]]
"""What may happen next: a name for it, and the state it leads to."""


@dataclass(frozen=True, slots=True)
class Found:
    """A state that must not be, and the shortest way to it."""

    what: str
    way: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explored:
    """How many states there are, and the first bad one (None: all are good)."""

    states: int
    found: Found | None


def explore(
    start: S,
    moves: Moves[S],
    wrong: Callable[[S], str | None],
    done: Callable[[S], bool],
) -> Explored:
    """Visit every state, breadth first.

    Args:
        start: where it begins.
        moves: what may happen; a fault's name begins with `fault`.
        wrong: says what is wrong with a state; None: nothing.
        done: whether everything has come to its end. It must stay in reach of every
            state once no more faults happen.
    """
    came: dict[S, tuple[S | None, str]] = {start: (None, "")}
    before: dict[S, list[S]] = {}
    queue = deque([start])
    while queue:
        state = queue.popleft()
        problem = wrong(state)
        if problem is not None:
            return Explored(len(came), Found(problem, _way(came, state)))
        for name, after in moves(state):
            if not name.startswith("fault"):
                before.setdefault(after, []).append(state)
            if after not in came:
                came[after] = (state, name)
                queue.append(after)
    hopeful = {state for state in came if done(state)}
    backwards = deque(hopeful)
    while backwards:
        for state in before.get(backwards.popleft(), ()):
            if state not in hopeful:
                hopeful.add(state)
                backwards.append(state)
    for state in came:
        if state not in hopeful:
            return Explored(len(came), Found("never ends", _way(came, state)))
    return Explored(len(came), None)


def _way(came: Mapping[S, tuple[S | None, str]], state: S) -> tuple[str, ...]:
    names: list[str] = []
    here: S | None = state
    while here is not None:
        here, name = came[here]
        names.append(name)
    return tuple(reversed(names[:-1]))


@pytest.fixture(name="explore")
def explorer() -> Callable[..., Explored]:
    """The search."""
    return explore
