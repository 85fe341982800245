"""The protocol from a webhook to a provider's acceptance, model-checked exhaustively.

A page is posted, stored, sent, and may meet: three crashes, two lost messages (a
request or an answer), one request that lands after any wait, one provider's list that
does not answer. In *every* order of these the page is not lost, and a second SMS leaves
only for the late request or the broken list. Each rule that makes it so is taken out in
a mutant, and the search must find what breaks.

This is the specification, at the size of one page; the code is driven by its own tests.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Protocol

import pytest


class Rule(Enum):
    """What a mutant leaves out."""

    NOTHING = auto()
    STORE_BEFORE_2XX = auto()
    FOUND_SENDING_IS_UNCERTAIN = auto()
    FOUND_SENDING_IS_NOT_UNSENT = auto()
    MARK_BEFORE_POST = auto()
    TOLD_AFTER_ANSWER = auto()
    LOOK_BEFORE_SENDING_AGAIN = auto()
    WAIT_BEFORE_LOOKING = auto()
    SEND_AGAIN_IF_NOT_FOUND = auto()


class Row(Enum):
    """The notification on disk."""

    NONE = auto()
    WAITING = auto()
    SENDING = auto()
    UNCERTAIN = auto()
    TOLD = auto()
    DEAD = auto()


class Post(Enum):
    """A webhook inside the process; gone with it."""

    NO = auto()
    READ = auto()
    STORED = auto()
    ANSWERED_FIRST = auto()


class Sender(Enum):
    """The request inside the process; gone with it."""

    IDLE = auto()
    CLAIMED = auto()
    WAITS = auto()
    ANSWERED = auto()


@dataclass(frozen=True, slots=True)
class State:
    """Everything there is; `held` counts the SMS that the provider took."""

    confirmed: bool = False
    up: bool = True
    row: Row = Row.NONE
    post: Post = Post.NO
    sender: Sender = Sender.IDLE
    looks: int = 0
    flying: int = 0
    answers: int = 0
    late: int = 0
    held: int = 0
    crashes: int = 3
    losses: int = 2
    late_left: int = 1
    list_failures: int = 1


LATE, LIST_FAILURES = State().late_left, State().list_failures
NOT_FOUND = 2
"""Looks that must not find it before it is sent again."""


def moves(without: Rule) -> Callable[[State], Iterator[tuple[str, State]]]:
    """What may happen next where the rule *without* is left out."""

    def step(s: State) -> Iterator[tuple[str, State]]:
        yield from _network(s)
        if not s.up:
            yield "start", _started(s, without)
            return
        yield from _intake(s, without)
        yield from _sending(s, without)
        yield from _looking(s, without)
        if s.crashes:
            yield (
                "fault: kill -9",
                replace(
                    s,
                    up=False,
                    post=Post.NO,
                    sender=Sender.IDLE,
                    answers=0,
                    crashes=s.crashes - 1,
                ),
            )

    return step


def _network(s: State) -> Iterator[tuple[str, State]]:
    if s.flying:
        landed = replace(s, flying=s.flying - 1, held=s.held + 1)
        waited_for = s.sender is Sender.WAITS
        yield "lands", replace(landed, answers=s.answers + waited_for)
        if s.losses:
            yield (
                "fault: request lost",
                replace(s, flying=s.flying - 1, losses=s.losses - 1),
            )
        if s.late_left:
            yield (
                "fault: request delayed",
                replace(s, flying=s.flying - 1, late=1, late_left=s.late_left - 1),
            )
    if s.late:
        yield "lands late", replace(s, late=0, held=s.held + 1)
    if s.answers and s.losses:
        yield (
            "fault: answer lost",
            replace(s, answers=s.answers - 1, losses=s.losses - 1),
        )


def _started(s: State, without: Rule) -> State:
    row = s.row
    if row is Row.SENDING:
        match without:
            case Rule.FOUND_SENDING_IS_UNCERTAIN:
                row = Row.DEAD
            case Rule.FOUND_SENDING_IS_NOT_UNSENT:
                row = Row.WAITING
            case _:
                row = Row.UNCERTAIN
    return replace(s, up=True, row=row, looks=0)


def _intake(s: State, without: Rule) -> Iterator[tuple[str, State]]:
    stored = Row.WAITING if s.row is Row.NONE else s.row
    match s.post:
        case Post.NO:
            if not s.confirmed:
                yield "post", replace(s, post=Post.READ)
        case Post.READ:
            if without is Rule.STORE_BEFORE_2XX:
                yield "2xx", replace(s, confirmed=True, post=Post.ANSWERED_FIRST)
            else:
                yield "commit", replace(s, row=stored, post=Post.STORED)
        case Post.ANSWERED_FIRST:
            yield "commit", replace(s, row=stored, post=Post.NO)
        case Post.STORED:
            yield "2xx", replace(s, confirmed=True, post=Post.NO)
            if s.losses:
                yield (
                    "fault: 2xx lost",
                    replace(s, post=Post.NO, losses=s.losses - 1),
                )


def _sending(s: State, without: Rule) -> Iterator[tuple[str, State]]:
    match s.sender:
        case Sender.IDLE:
            if s.row is Row.WAITING:
                row = Row.SENDING
                if without is Rule.MARK_BEFORE_POST:
                    row = Row.WAITING
                elif without is Rule.TOLD_AFTER_ANSWER:
                    row = Row.TOLD
                yield "claim", replace(s, row=row, sender=Sender.CLAIMED)
        case Sender.CLAIMED:
            yield "send", replace(s, sender=Sender.WAITS, flying=s.flying + 1)
        case Sender.WAITS:
            if s.answers:
                yield (
                    "answer",
                    replace(s, answers=s.answers - 1, sender=Sender.ANSWERED),
                )
            else:
                again = without is Rule.LOOK_BEFORE_SENDING_AGAIN
                row = Row.WAITING if again else Row.UNCERTAIN
                if s.row is Row.TOLD:
                    row = Row.TOLD
                yield "time-out", replace(s, row=row, sender=Sender.IDLE, looks=0)
        case Sender.ANSWERED:
            yield "settle", replace(s, row=Row.TOLD, sender=Sender.IDLE)


def _looking(s: State, without: Rule) -> Iterator[tuple[str, State]]:
    if s.row is not Row.UNCERTAIN or s.sender is not Sender.IDLE:
        return
    if s.flying and without is not Rule.WAIT_BEFORE_LOOKING:
        # The wait is longer than any request lives.
        return
    if s.held:
        yield "found", replace(s, row=Row.TOLD)
    elif s.looks + 1 < NOT_FOUND:
        yield "not found", replace(s, looks=s.looks + 1)
    elif without is Rule.SEND_AGAIN_IF_NOT_FOUND:
        yield "not found", replace(s, row=Row.DEAD)
    else:
        yield "not found", replace(s, row=Row.WAITING, looks=0)
    if s.list_failures:
        yield (
            "fault: no list",
            replace(s, row=Row.WAITING, looks=0, list_failures=s.list_failures - 1),
        )


def wrong(s: State) -> str | None:
    """Say what must never be."""
    idle = s.post is Post.NO and s.sender is Sender.IDLE
    under_way = s.flying or s.late or not idle
    ended = s.row in (Row.NONE, Row.DEAD, Row.TOLD)
    if s.confirmed and ended and not s.held and not under_way:
        return "lost"
    named = (LATE - s.late_left) + (LIST_FAILURES - s.list_failures)
    if s.held > 1 + named:
        return "a second SMS without a name"
    return None


def done(s: State) -> bool:
    """Whether the page is told, and nothing is under way."""
    return s.confirmed and s.row is Row.TOLD and s.held > 0 and not s.flying


class Found(Protocol):
    """What the search found."""

    what: str
    way: tuple[str, ...]


class Explored(Protocol):
    """What the search saw."""

    states: int
    found: Found | None


Explore = Callable[..., Explored]


def test_no_page_is_lost_and_none_is_sent_twice_without_a_name(
    explore: Explore,
) -> None:
    """In every order of crashes, losses, a late request and a list that is away."""
    seen = explore(State(), moves(Rule.NOTHING), wrong, done)

    assert seen.found is None
    # Fewer would mean that the model has lost a part of what may happen.
    assert seen.states > 3_000


MUTANTS = {
    Rule.STORE_BEFORE_2XX: "lost",
    Rule.FOUND_SENDING_IS_UNCERTAIN: "lost",
    Rule.FOUND_SENDING_IS_NOT_UNSENT: "a second SMS without a name",
    Rule.MARK_BEFORE_POST: "a second SMS without a name",
    Rule.TOLD_AFTER_ANSWER: "lost",
    Rule.LOOK_BEFORE_SENDING_AGAIN: "a second SMS without a name",
    Rule.WAIT_BEFORE_LOOKING: "a second SMS without a name",
    Rule.SEND_AGAIN_IF_NOT_FOUND: "lost",
}


def test_every_rule_has_a_mutant() -> None:
    """A rule without one might do nothing."""
    assert {Rule.NOTHING, *MUTANTS} == set(Rule)


@pytest.mark.parametrize(("rule", "what"), MUTANTS.items(), ids=str)
def test_without_the_rule_the_search_finds_what_breaks(
    rule: Rule, what: str, explore: Explore
) -> None:
    """And by the shortest way to it."""
    seen = explore(State(), moves(rule), wrong, done)

    assert seen.found is not None
    assert seen.found.what == what
    assert seen.found.way
