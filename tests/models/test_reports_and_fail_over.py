"""The protocol from acceptance to the last word, model-checked exhaustively.

One page, two providers. Reports come early, late or never, good, bad or one after the
other; a person may acknowledge at any moment; the process may die. In every order: no
request starts once the acknowledgement is on disk, each provider gets at most one,
nothing ends dead without a page to the admins, a report counts for its own provider
only, and who is known to have been told by the first is not told by the second.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum, auto
from typing import Protocol

import pytest


class Rule(Enum):
    """What a mutant leaves out."""

    NOTHING = auto()
    ASK_FOR_ACK_BEFORE_POST = auto()
    KEEP_EARLY_REPORTS = auto()
    DEAD_WITH_META = auto()
    REPORT_COUNTS_FOR_ITS_PROVIDER = auto()
    DELIVERED_IS_FINAL = auto()


class Row(Enum):
    """The notification on disk."""

    WAITING = auto()
    SENDING = auto()
    ACCEPTED = auto()
    DELIVERED = auto()
    DEAD = auto()


class Phone(Enum):
    """What became of one provider's SMS, as the carrier knows."""

    NOTHING = auto()
    UNDER_WAY = auto()
    RANG = auto()
    FAILED = auto()


GOOD, BAD = Phone.RANG, Phone.FAILED


@dataclass(frozen=True, slots=True)
class State:
    """Everything there is. Index 0 is the first provider, 1 the second.

    `blamed` is whose report or silence led to the last fail-over; `delivered` says that
    it was written down as delivered once.
    """

    row: Row = Row.WAITING
    provider: int = 0
    claimed: bool = False
    posting: bool = False
    accepted: tuple[bool, bool] = (False, False)
    phones: tuple[Phone, Phone] = (Phone.NOTHING, Phone.NOTHING)
    reports: frozenset[tuple[int, Phone]] = frozenset()
    parked: frozenset[tuple[int, Phone]] = frozenset()
    heard: frozenset[tuple[int, Phone]] = frozenset()
    posts: tuple[int, int] = (0, 0)
    blamed: int | None = None
    delivered: bool = False
    acked: bool = False
    meta: bool = False
    up: bool = True
    needless: bool = False
    posted_after_ack: bool = False
    crashes: int = 2
    losses: int = 1
    lies: int = 1


def moves(without: Rule) -> Callable[[State], Iterator[tuple[str, State]]]:
    """What may happen next where the rule *without* is left out."""

    def step(s: State) -> Iterator[tuple[str, State]]:
        yield from _outside(s)
        if not s.up:
            # What was being sent is looked up: here, found.
            row = s.row
            found = row is Row.SENDING and s.phones[s.provider] is not Phone.NOTHING
            if row is Row.SENDING:
                row = Row.ACCEPTED if found else Row.WAITING
            yield "start", _match(replace(s, up=True, row=row), without)
            return
        yield from _send(s, without)
        yield from _hear(s, without)
        if s.crashes:
            yield (
                "fault: kill -9",
                replace(
                    s, up=False, claimed=False, posting=False, crashes=s.crashes - 1
                ),
            )

    return step


def _outside(s: State) -> Iterator[tuple[str, State]]:
    for p in (0, 1):
        if s.phones[p] is Phone.UNDER_WAY:
            for end in (GOOD, BAD):
                yield (
                    f"{end.name.lower()} at {p}",
                    replace(
                        s,
                        phones=_put(s.phones, p, end),
                        reports=s.reports | {(p, end)},
                    ),
                )
    for report in sorted(s.reports, key=_order):
        if s.losses:
            yield (
                "fault: report lost",
                replace(s, reports=s.reports - {report}, losses=s.losses - 1),
            )
        if s.phones[p] is GOOD and s.lies:
            # Carriers have been seen to say "delivered", and then "expired".
            lied = replace(s, reports=s.reports | {(p, BAD)}, lies=s.lies - 1)
            yield f"fault: rang at {p}, and reported as failed", lied
    if not s.acked and s.up:
        yield "a human acknowledges", replace(s, acked=True)


def _send(s: State, without: Rule) -> Iterator[tuple[str, State]]:
    p = s.provider
    if s.row is Row.WAITING and not s.claimed and not s.acked:
        yield "claim", replace(s, row=Row.SENDING, claimed=True)
    if s.claimed and not s.posting:
        if s.acked and without is not Rule.ASK_FOR_ACK_BEFORE_POST:
            yield "not needed", replace(s, row=Row.WAITING, claimed=False)
        else:
            knew = (1 - p, GOOD) in s.heard
            yield (
                "post",
                replace(
                    s,
                    posting=True,
                    phones=_put(s.phones, p, Phone.UNDER_WAY),
                    posts=(s.posts[0] + (p == 0), s.posts[1] + (p == 1)),
                    posted_after_ack=s.posted_after_ack or s.acked,
                    needless=s.needless or knew,
                ),
            )
    if s.posting:
        accepted = (s.accepted[0] or p == 0, s.accepted[1] or p == 1)
        # The first provider's good word may have come while this one was asked.
        row = s.row if s.row is Row.DELIVERED else Row.ACCEPTED
        after = replace(s, row=row, accepted=accepted, claimed=False, posting=False)
        yield "accepted", _match(after, without)


def _hear(s: State, without: Rule) -> Iterator[tuple[str, State]]:
    for report in sorted(s.reports, key=_order):
        p, end = report
        gone = replace(s, reports=s.reports - {report}, heard=s.heard | {report})
        early = s.row is Row.SENDING and p == s.provider
        if early:
            if without is Rule.KEEP_EARLY_REPORTS:
                # Forgotten; that it came is all that `heard` says.
                yield "early report dropped", gone
            else:
                yield "early report", replace(gone, parked=gone.parked | {report})
        else:
            yield f"report {end.name.lower()}", _fold(gone, p, end, without)
    if s.row is Row.ACCEPTED and not any(p == s.provider for p, _ in s.reports):
        # No report in time. A provider that is asked says what it knows.
        end = s.phones[s.provider]
        if end is not Phone.UNDER_WAY and without is not Rule.KEEP_EARLY_REPORTS:
            heard = replace(s, heard=s.heard | {(s.provider, end)})
            yield "asked", _fold(heard, s.provider, end, without)
        else:
            yield "no report in time", _fail_over(s, s.provider, without)


def _match(s: State, without: Rule) -> State:
    """Fold what came before its acceptance was written down."""
    for p, end in sorted(s.parked, key=_order):
        if p == s.provider:
            s = _fold(replace(s, parked=s.parked - {(p, end)}), p, end, without)
    return s


def _fold(s: State, p: int, end: Phone, without: Rule) -> State:
    if end is GOOD:
        if s.row is Row.DEAD:
            return s
        return replace(s, row=Row.DELIVERED, claimed=False, delivered=True)
    if s.row is Row.DELIVERED and without is not Rule.DELIVERED_IS_FINAL:
        return s
    if p != s.provider and without is not Rule.REPORT_COUNTS_FOR_ITS_PROVIDER:
        return s
    if s.row in (Row.ACCEPTED, Row.DELIVERED):
        return _fail_over(s, p, without)
    return s


def _fail_over(s: State, blamed: int, without: Rule) -> State:
    s = replace(s, blamed=blamed)
    if s.acked:
        return s
    if s.provider == 0 and s.posts[1] == 0:
        return replace(s, row=Row.WAITING, provider=1, claimed=False, posting=False)
    return replace(s, row=Row.DEAD, meta=without is not Rule.DEAD_WITH_META)


def _order(report: tuple[int, Phone]) -> tuple[int, int]:
    provider, end = report
    return provider, end.value


def _put(phones: tuple[Phone, Phone], p: int, end: Phone) -> tuple[Phone, Phone]:
    return (end, phones[1]) if p == 0 else (phones[0], end)


def wrong(s: State) -> str | None:
    """Say what must never be."""
    if s.posted_after_ack:
        return "a request after the acknowledgement"
    if max(s.posts) > 1:
        return "two requests to one provider"
    if s.row is Row.DEAD and not s.meta:
        return "dead, and nobody knows"
    if s.row is Row.DEAD and s.blamed != s.provider:
        return "dead by another provider's report"
    if s.delivered and s.row is not Row.DELIVERED:
        return "delivered, and then not"
    if s.needless:
        return "told again, though known to be delivered"
    return None


def done(s: State) -> bool:
    """Whether there is nothing more to come of it."""
    ended = s.row in (Row.DELIVERED, Row.DEAD) or s.acked
    return ended and not s.claimed and Phone.UNDER_WAY not in s.phones


class Found(Protocol):
    """What the search found."""

    what: str
    way: tuple[str, ...]


class Explored(Protocol):
    """What the search saw."""

    states: int
    found: Found | None


Explore = Callable[..., Explored]


def test_reports_acks_and_fail_over_in_every_order(explore: Explore) -> None:
    """Two providers, two crashes, one lost report."""
    seen = explore(State(), moves(Rule.NOTHING), wrong, done)

    assert seen.found is None, seen.found
    assert seen.states > 1_000


MUTANTS = {
    Rule.ASK_FOR_ACK_BEFORE_POST: "a request after the acknowledgement",
    Rule.KEEP_EARLY_REPORTS: "told again, though known to be delivered",
    Rule.DEAD_WITH_META: "dead, and nobody knows",
    Rule.REPORT_COUNTS_FOR_ITS_PROVIDER: "dead by another provider's report",
    Rule.DELIVERED_IS_FINAL: "delivered, and then not",
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
