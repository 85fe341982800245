"""Random nights: what is promised about SMS holds whatever comes, in any order.

Alerts fire, flap, repeat and end; peers and retries post copies; gateways are busy,
down, or silent; processes die; clocks jump; people acknowledge. The daemon's own parts
live through it on a clock that jumps, and what rang is held against the promises. The
mutants at the end show that each check can fail. As many nights as one likes:

    ALERTBRIDGE_TIMELINES=10000 pytest -k promises --hypothesis-seed=1 tests/simulator
"""

import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
import structlog
from hypothesis import HealthCheck, Phase, given, settings
from random_nights import (
    AM,
    AUDIENCE,
    CAP,
    CLAMP,
    LIMIT,
    NIGHTS,
    PEOPLE,
    SEVERITIES,
    TEAMS,
    Night,
    Story,
    live_through,
    promise,
)

from alertbridge.core import dispatch, failover, mailbox, quiet_mailbox
from alertbridge.core.alert import AlertGroup
from alertbridge.core.compose import Composed, Style, compose
from alertbridge.core.delivery import Again, Step, next_step
from alertbridge.core.ended import Delivered, Ended
from alertbridge.core.failover import end_of
from alertbridge.core.following import Due, LetGo
from alertbridge.core.mailbox import Letter, Mailbox, SortedOut
from alertbridge.core.message import Accepted, Message, Outcome, Uncertain
from alertbridge.core.notification import Fact, Kind
from alertbridge.core.pace import MOST_GIVEN_BACK, Go
from alertbridge.core.plan import Known, Plan
from alertbridge.core.report import Delivery
from alertbridge.core.rules import Rules
from alertbridge.core.stand_in import plan_post
from alertbridge.engine import current, dispatcher, intake, reporter
from alertbridge.simulator.scripted import Sms
from alertbridge.stores.sqlite import SqliteStore

ACK = "acknowledge"

SOONEST_OVERDUE = 170
"""Seconds after which a report may come too late to keep a page from going on."""

_COUNT = re.compile(r"(\d+) (firing|resolved|over)\b")
_SIZE = re.compile(r" x(\d+)\b")


def read_counts(body: str) -> tuple[int, int, int]:
    """How many a person reads are firing, resolved and over: all there is of words.

    A digest's lines must add up to what its first line counts; alerts of one kind alone
    have no such line, and say how many they are themselves.
    """
    first, *lines = body.splitlines()
    if _COUNT.match(first) is None:
        size = _size(first)
        return (0, size, 0) if first.startswith("RESOLVED") else (size, 0, 0)
    found = {word: int(number) for number, word in _COUNT.findall(first)}
    shown = sum(map(_size, lines))
    assert shown == sum(found.values()), f"I13: the lines do not add up: {body!r}"
    return found.get("firing", 0), found.get("resolved", 0), found.get("over", 0)


def _size(line: str) -> int:
    """How many alerts a line speaks for: `+5 more: ...`, `... x5 ...`, or one."""
    more = re.fullmatch(r"\+(\d+) more(: .*)?", line)
    # What one alert did is not how many there are: `(flapping x3)`, `flapped x3`.
    size = _SIZE.search(re.sub(r"\([^)]*\)|flapped x\d+", "", line))
    return int(more[1]) if more else int(size[1]) if size else 1


def counts_of(tells: Sequence[Fact]) -> tuple[int, int, int]:
    """How many of the facts that a text tells are firing, resolved and over."""
    resolved = {fact.episode.id for fact in tells if fact.kind is Kind.RESOLVED}
    others = [fact for fact in tells if fact.kind is not Kind.RESOLVED]
    firing = sum(not fact.episode.ended for fact in others)
    over = sum(f.episode.ended and f.episode.id not in resolved for f in others)
    return firing, len(resolved), over


def check(story: Story) -> None:
    """Hold what rang against what is promised."""
    _check_doubles(story)
    if story.jumps:
        _check_jumps(story)
    _check_resolved(story)
    _check_pace(story)
    _check_ends(story)


def _check_doubles(story: Story) -> None:
    """I5: one SMS, and one more for each that is missed or that nobody saw answered.

    Never over the cap.
    """
    rang = Counter(fact.id for sms in story.phones for fact in sms.message.tells)
    unseen = Counter(
        fact.id
        for one in story.tries
        if one.unseen
        for message in one.submission.messages
        for fact in message.tells
    )
    missed = Counter(
        fact.id
        for sms, fate in story.rang
        if fate.delivery is not Delivery.DELIVERED or fate.after > SOONEST_OVERDUE
        for fact in sms.message.tells
    )
    for fact, amount in rang.items():
        most = min(1 + unseen[fact] + missed[fact], CAP)
        promise(amount <= most, "I5", f"{amount} SMS of one fact")


def _check_resolved(story: Story) -> None:
    """I9: resolved is told to those who may have heard it fire, and nobody else."""
    heard: set[tuple[int, str]] = set()
    for one in story.tries:
        for message in one.submission.messages:
            for fact in message.tells:
                key = (fact.episode.id, message.recipient)
                if fact.kind is Kind.RESOLVED:
                    promise(key in heard, "I9", "resolved to who heard nothing")
        # Answers come after all that is in one text was composed.
        if one.may_have_rung:
            heard |= {
                (fact.episode.id, message.recipient)
                for message in one.submission.messages
                for fact in message.tells
                if fact.kind is not Kind.RESOLVED
            }


def _check_pace(story: Story) -> None:
    """I13: never over the pace, and every text counts exactly what it tells."""
    for person in PEOPLE:
        sent = [(sms, fate) for sms, fate in story.rang if sms.recipient == person]
        # What surely did not ring gives its place back once that is known.
        rings = [sms for sms, fate in sent if fate.delivery is not Delivery.FAILED]
        for last, _ in sent:
            window = [s for s in rings if last.at - LIMIT.window < s.at <= last.at]
            most = LIMIT.for_severity(last.severity)
            before = sum(sms is not last for sms in window)
            promise(before < most, "I13", f"{before + 1} SMS in a window")
            whole = [s for s, _ in sent if last.at - LIMIT.window < s.at <= last.at]
            at_most = LIMIT.limit + MOST_GIVEN_BACK
            promise(len(whole) <= at_most, "I13", f"{len(whole)} SMS with failures")
    for sms in story.phones:
        read, tells = read_counts(sms.text.body), counts_of(sms.message.tells)
        promise(read == tells, "I13", f"counts {read}, tells {tells}: {sms.text.body}")


def _check_ends(story: Story) -> None:
    """I2: every notification has ended, and told means that a phone rang."""
    rang = {fact.id for sms in story.phones for fact in sms.message.tells}
    shown = {
        fact.id
        for sms, fate in story.rang
        if fate.delivery is Delivery.DELIVERED
        for fact in sms.message.tells
    }
    told_of_dead = any(row.alert == "PageNotSent" for row in story.rows)
    for row in story.rows:
        if row.state == "dead" and row.source == AM:
            promise(told_of_dead, "I7", f"dead, and nobody heard of it: {row}")
        promise(row.state not in ("waiting", "in_flight"), "I2", f"never ends: {row}")
        if row.state == "told":
            promise(row.notification in rang, "I2", f"told, and nothing rang: {row}")
        if row.reason == "delivered":
            promise(row.notification in shown, "I4", f"no phone has it: {row}")
    _check_followed(story)
    for source, counted, is_open in story.open:
        promise(
            counted == is_open, "I2", f"{source}: {counted} counted, {is_open} open"
        )
    for which in story.firing:
        if SEVERITIES[which] == "critical":
            name = f"Alert{which}"
            reached = {
                row.recipient
                for row in story.rows
                if row.alert == name
                and (row.state in ("told", "dead") or row.reason == "acknowledged")
            }
            promise(AUDIENCE[TEAMS[which]] <= reached, "I2", f"{name} is not told")


def _check_followed(story: Story) -> None:
    """I6: of what still fires, and nobody took, somebody knows whether it arrived."""
    taken = {f"Alert{which}" for do, which in story.night.events if do == ACK}
    for which in story.firing:
        name = f"Alert{which}"
        rows = [row for row in story.rows if row.alert == name]
        latest = max((row.episode for row in rows), default=0)
        for row in rows:
            if (
                (row.episode, row.state, row.severity) == (latest, "told", "critical")
                and row.kind == Kind.FIRING
                and name not in taken
            ):
                promise(row.reason != "accepted", "I6", f"nobody followed it: {row}")


def _check_jumps(story: Story) -> None:
    """I16: a clock that is set changes nothing that rings, nor when by a minute."""
    steady = live_through(story.night, jumps=False)
    for person in PEOPLE:
        ours, theirs = (
            [(told(s), s.at) for s in phones if s.recipient == person]
            for phones in (story.phones, steady.phones)
        )
        same = [what for what, _ in ours] == [what for what, _ in theirs]
        promise(same, "I16", f"a jump changed the SMS: {ours} instead of {theirs}")
        for (_, at), (_, other) in zip(ours, theirs, strict=True):
            promise(abs(at - other) <= CLAMP, "I16", "a jump moved an SMS")


def told(sms: Sms) -> list[tuple[str, str]]:
    """What an SMS tells, by alert and kind."""
    tells = sms.message.tells
    return sorted((f.episode.labels["alertname"], f.kind.value) for f in tells)


def _drop(*_: object) -> structlog.types.EventDict:
    raise structlog.DropEvent


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Ten thousand nights are lived through, and nobody reads their log."""
    structlog.configure(processors=[_drop])
    yield
    structlog.reset_defaults()


SLOW = [
    HealthCheck.too_slow,
    HealthCheck.data_too_large,
    HealthCheck.differing_executors,
]
ASKED = os.environ.get("ALERTBRIDGE_TIMELINES")


def hold(amount: int, *phases: Phase, derandomize: bool = True) -> None:
    """Live through so many nights, and check each."""

    @settings(
        max_examples=amount,
        deadline=None,
        database=None,
        derandomize=derandomize,
        report_multiple_bugs=False,
        suppress_health_check=SLOW,
        phases=phases or (Phase.generate, Phase.shrink),
    )
    @given(NIGHTS)
    def lived(night: Night) -> None:
        check(live_through(night))

    lived()


@pytest.mark.timeout(0 if ASKED else 120)
def test_the_promises_hold_on_random_nights() -> None:
    """A few hundred nights here; as many as ALERTBRIDGE_TIMELINES asks for else."""
    hold(int(ASKED or 250), derandomize=ASKED is None)


ONCE_BROKEN = {
    "what is over was kept by the sender's clock": Night(
        (("flap", 0), ("jump", 3600)), gateway="is busy"
    ),
    "an attempt's wait was counted from before the jump": Night(
        (("storm", 0), ("jump", 3600)), gateway="is silent, and did not"
    ),
    "what was over, and may have been told, fired again": Night(
        (
            *(("blip", 1), ("restart", 0), ("blip", 1), ("blip", 1)),
            *(("restart", 0), ("storm", 0)),
        ),
        gateway="is silent, and did not",
    ),
    "what was over and untold fired again, and nobody looked": Night(
        (("blip", 1), ("flap", 1), ("flap", 1), ("jump", 3600)), gateway="is down"
    ),
    "a restart found the last hour's requests begun just now": Night(
        (("fire", 0),) * 8
        + (("jump", -3600), ("storm", 0))
        + (("restart", 40), ("restart", 0)),
        peer=60,
        gateway="is busy",
    ),
}


@pytest.mark.parametrize("night", ONCE_BROKEN.values(), ids=ONCE_BROKEN.keys())
def test_a_night_that_once_broke_a_promise_keeps_it(night: Night) -> None:
    """What was found stays found."""
    check(live_through(night))


def no_pace(*_: object) -> Go:
    """Mutant: nobody is ever spared."""
    return Go()


def tell_everybody(letter: Mailbox, now: datetime) -> SortedOut:
    """Mutant: a resolved text also goes to people who never heard the firing."""
    facts = tuple(replace(fact, heard=True) for fact in letter.facts)
    return mailbox.sort_out(replace(letter, facts=facts), now)


def count_one_less(
    letter: Letter, style: Style, now: datetime, *, notice: str = ""
) -> Composed:
    """Mutant: a digest leaves out what it says it tells."""
    fewer = letter.firing[: max(1, len(letter.firing) - 1)]
    return compose(replace(letter, firing=fewer), style, now, notice=notice)


def forget_the_answer(outcome: Outcome, message: Message, **more: object) -> Step:
    """Mutant: what was taken is taken for not sent, and sent again."""
    now = more["now"]
    assert isinstance(now, datetime)
    if isinstance(outcome, Accepted):
        return Again(now + timedelta(seconds=30))
    return next_step(outcome, message, **more)  # type: ignore[arg-type]


def send_until_sure(outcome: Outcome, message: Message, **more: object) -> Step:
    """Mutant: no answer is taken for not sent, again and again."""
    now = more["now"]
    assert isinstance(now, datetime)
    if isinstance(outcome, Uncertain):
        return Again(now + timedelta(seconds=15))
    return next_step(outcome, message, **more)  # type: ignore[arg-type]


def remember_nothing(
    group: AlertGroup, rules: Rules, known: Known, now: datetime
) -> Plan:
    """Mutant: every post is the first of its alerts."""
    return plan_post(group, rules, replace(known, episodes={}), now)


def go_on_for_ever(message: Message, *more: object) -> Ended:
    """Mutant: whatever did not arrive is sent again, however often it was."""
    ended = end_of(message, *more)  # type: ignore[arg-type]
    if isinstance(ended, Delivered):
        return ended
    every = tuple(fact.id for fact in message.tells)
    return replace(ended, onward=every, dead=(), meta=())


def believe_the_provider(*_: object) -> Ended:
    """Mutant: what is accepted has arrived."""
    return Delivered()


def follow_nobody(*_: object) -> Due:
    """Mutant: what is accepted is forgotten."""
    return LetGo()


def say_nothing(*_: object) -> tuple[Plan, ...]:
    """Mutant: no admin hears of the dead."""
    return ()


async def do_not_shift(*_: object) -> None:
    """Mutant: pending times stay where they are when the clock is set."""


Places = tuple[tuple[object, str], ...]
MUTANTS: dict[str, tuple[str, Callable[..., object], Places]] = {
    "an answer forgotten": ("I5", forget_the_answer, ((dispatcher, "next_step"),)),
    "sent until sure": ("I5", send_until_sure, ((dispatcher, "next_step"),)),
    "resolved to all": ("I9", tell_everybody, ((quiet_mailbox, "sort_out"),)),
    "no pace": ("I13", no_pace, ((dispatch, "may_send"), (current, "may_send"))),
    "counted one less": ("I13", count_one_less, ((dispatch, "compose"),)),
    "sent for ever": ("I5", go_on_for_ever, ((reporter, "end_of"),)),
    "accepted is delivered": ("I4", believe_the_provider, ((reporter, "end_of"),)),
    "followed by nobody": ("I6", follow_nobody, ((reporter, "due"),)),
    "dead in silence": (
        "I7",
        say_nothing,
        ((failover, "dead_notifications"), (dispatcher, "dead_notifications")),
    ),
    "no memory": ("I15", remember_nothing, ((intake, "plan_post"),)),
    "times not moved": ("I16", do_not_shift, ((SqliteStore, "shift"),)),
}


@pytest.mark.parametrize(
    ("promised", "mutant", "places"), MUTANTS.values(), ids=MUTANTS.keys()
)
def test_a_broken_rule_is_seen(
    monkeypatch: pytest.MonkeyPatch,
    promised: str,
    mutant: Callable[..., object],
    places: Places,
) -> None:
    """Each mutant breaks one promise, and the check names it."""
    for place, name in places:
        monkeypatch.setattr(place, name, mutant)
    with pytest.raises(AssertionError, match=promised):
        hold(500, Phase.generate)
