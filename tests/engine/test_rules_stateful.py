"""The rules of the mailbox under any order of posts, outcomes, crashes and waits.

A state machine drives core and a store in memory as the engine does, and checks after
every step what must never be otherwise. The mutants at the end show that it would see.
"""

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count
from types import ModuleType
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from round_trip import steps_of

from alertbridge.core import dispatch, mailbox, quiet_mailbox
from alertbridge.core.alert import (
    OURSELVES,
    Alert,
    AlertGroup,
    GroupKey,
    SourceName,
    Status,
    fingerprint_of,
)
from alertbridge.core.delivery import UNCERTAIN_WAIT
from alertbridge.core.interval import TimeInterval
from alertbridge.core.mailbox import Mailbox, SortedOut
from alertbridge.core.message import (
    Accepted,
    Deferred,
    Outcome,
    Outcomes,
    Reference,
    Rejected,
    Submission,
    Uncertain,
)
from alertbridge.core.meta import dead_notifications
from alertbridge.core.notification import Kind, NotificationId, ProviderName
from alertbridge.core.pace import Go
from alertbridge.core.plan import Plan
from alertbridge.core.quiet import QuietHours
from alertbridge.core.recipient import (
    Msisdn,
    Receiver,
    ReceiverName,
    Recipient,
    RecipientName,
)
from alertbridge.core.route import Route, RouteTree
from alertbridge.core.rules import Rules
from alertbridge.core.settlement import Settlement
from alertbridge.core.severity import Severity
from alertbridge.core.stand_in import keys_of_post, plan_post
from alertbridge.engine import current
from alertbridge.engine.current import Current
from alertbridge.ports import Claimed
from alertbridge.stores import sqlite_settle, sqlite_uncertain
from alertbridge.stores.columns import FAR
from alertbridge.stores.memory import MemoryLane
from alertbridge.stores.sqlite import SqliteStore

T0 = datetime.fromisoformat("2026-03-14T03:12:00+00:00")
SRE = ReceiverName("sre")
PEOPLE = {
    "anna": ("+46701740605",),
    "bo": ("+46701740606", "+46701740607"),
}
NIGHT = (3 * 60 + 40, 5 * 60)
"""Minutes of the day in which only critical pages wake bo."""
RULES = Rules(
    tree=RouteTree(Route(id="", receiver=SRE)),
    receivers={SRE: Receiver(name=SRE, recipients=tuple(map(RecipientName, PEOPLE)))},
    recipients={
        RecipientName(name): Recipient(
            name=RecipientName(name),
            phones=tuple(map(Msisdn, phones)),
            hours=QuietHours(quiet=(TimeInterval(times=(NIGHT,)),))
            if name == "bo"
            else QuietHours(),
        )
        for name, phones in PEOPLE.items()
    },
    providers=(ProviderName("one"), ProviderName("two")),
    meta_receiver=SRE,
)
SEVERITIES = ("critical",) * 4 + ("warning",) * 2 + ("info",) * 2
WHICH = st.integers(0, len(SEVERITIES) - 1)
OUTCOMES: Mapping[str, Outcome] = {
    "accepted": Accepted(),
    "deferred": Deferred(detail="busy"),
    "uncertain": Uncertain(detail="no answer"),
    "rejected": Rejected(detail="no"),
    "bad number": Rejected(detail="no such number", number_is_bad=True),
}
T = TypeVar("T")


def done(work: Coroutine[object, object, T]) -> T:
    """Run what never really waits: the store in memory answers at once."""
    try:
        work.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise AssertionError("the store in memory waited")


class Pager(RuleBasedStateMachine):
    """Posts come, SMS leave, processes die; what is promised holds throughout."""

    def __init__(self) -> None:
        super().__init__()
        self.lane = MemoryLane()
        self.store = SqliteStore(self.lane, (Reference(f"r{n}") for n in count()))
        done(self.store.recover(T0, UNCERTAIN_WAIT))
        self.current = Current(RULES)
        self.now = T0
        self.broken = False
        self.posts: list[AlertGroup] = []
        self.since: dict[int, datetime] = {}
        self.under_way: list[Submission] = []
        self.lost: list[Submission] = []
        self.heard: set[tuple[int, str]] = set()
        self.sent: dict[tuple[str, int], list[tuple[str, datetime]]] = {}

    def teardown(self) -> None:
        """Faults stop: everything must reach an end."""
        try:
            if not self.broken:
                self.everything_ends()
        finally:
            done(self.store.close())

    @rule(which=WHICH, resolved=st.booleans(), drift=st.integers(-60, 240))
    def post(self, which: int, resolved: bool, drift: int) -> None:
        """A source tells the present state of one alert."""
        labels = {"alertname": f"Alert{which}", "severity": SEVERITIES[which]}
        started = self.since.pop(which, self.now)
        if not resolved:
            self.since[which] = started
        seen = Alert(
            status=Status.RESOLVED if resolved else Status.FIRING,
            fingerprint=fingerprint_of(labels),
            labels=labels,
            starts_at=started + timedelta(seconds=drift),
            ends_at=self.now if resolved else None,
        )
        key = GroupKey(f"{{}}:{which}")
        made = AlertGroup(
            source=SourceName("am"), receiver="hook", group_key=key, alerts=(seen,)
        )
        self.record(made)
        self.posts.append(made)

    @rule(which=WHICH, kind=st.sampled_from(sorted(OUTCOMES)), overtaken=st.booleans())
    def page(self, which: int, kind: str, overtaken: bool) -> None:
        """One page leaves and is answered; its end may overtake the answer."""
        self.post(which, False, 0)
        self.claim(3, True)
        if overtaken:
            self.post(which, True, 0)
        for submission in tuple(self.under_way):
            self.under_way.remove(submission)
            self.settle(submission, OUTCOMES[kind])

    @rule()
    def storm(self) -> None:
        """Everything fires, one after another, and every request is taken."""
        for which in range(len(SEVERITIES)):
            self.page(which, "accepted", False)

    @rule(which=st.integers(0, 3), both=st.booleans())
    def retry(self, which: int, both: bool) -> None:
        """What was doubtful goes out again, while something else comes in."""
        self.now += timedelta(hours=1)
        for ended in (0, 1):
            self.post(ended, True, 0)
        self.page(which, "uncertain", False)
        self.now += timedelta(seconds=20)
        self.claim(3, both)
        self.post(0, False, 0)
        self.post(1, False, 0)
        self.claim(3, both)

    @precondition(lambda self: self.posts)
    @rule(data=st.data())
    def copy_an_old_post(self, data: st.DataObject) -> None:
        """A peer or a retry posts what we have had, late."""
        self.record(data.draw(st.sampled_from(self.posts[-6:])))

    @precondition(lambda self: self.posts)
    @rule()
    def copy_the_last_post(self) -> None:
        """I15: what was just confirmed brings nothing when it comes again."""
        self.record(self.posts[-1])
        before = self.count("1")
        self.record(self.posts[-1])
        assert self.count("1") == before, "a copy made a notification"

    @rule(places=st.integers(1, 3), both=st.booleans())
    def claim(self, places: int, both: bool) -> None:
        """The dispatcher takes what may leave."""
        ready = {"one": places, "two": places} if both else {"one": places}
        self.take({ProviderName(name): n for name, n in ready.items()})

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), kind=st.sampled_from(sorted(OUTCOMES)))
    def answer(self, data: st.DataObject, kind: str) -> None:
        """A provider answers one request."""
        submission = data.draw(st.sampled_from(self.under_way))
        self.under_way.remove(submission)
        assert self.settle(submission, OUTCOMES[kind]), "the attempt was ours"

    @precondition(lambda self: self.lost)
    @rule(kind=st.sampled_from(sorted(OUTCOMES)))
    def answer_too_late(self, kind: str) -> None:
        """An answer comes for an attempt that a restart has given up."""
        assert not self.settle(self.lost.pop(), OUTCOMES[kind]), "it was fenced off"

    @rule()
    def restart(self) -> None:
        """The process is killed, and another takes over the store."""
        for submission in self.under_way:
            self.hear(submission)
        self.lost += self.under_way
        self.under_way = []
        done(self.store.recover(self.now, UNCERTAIN_WAIT))

    @rule(seconds=st.sampled_from([1, 20, 130, 700, 4000]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.now += timedelta(seconds=seconds)

    @rule()
    def requeue(self) -> None:
        """An operator has the dead wait again."""
        rows = self.lane._db.execute("SELECT id FROM notification WHERE state = 'dead'")
        ids = [NotificationId(row[0]) for row in rows]
        done(self.store.requeue(ids, self.now, self.now + timedelta(hours=1)))

    @invariant()
    def every_fact_in_flight_has_a_message(self) -> None:
        """Nothing is in flight with nobody carrying it."""
        self.promise(
            not self.count(
                "state = 'in_flight' AND NOT EXISTS (SELECT 1 FROM message m"
                " JOIN submission s ON s.reference = m.submission WHERE m.id ="
                " notification.message AND m.state IN ('in_flight', 'uncertain')"
                " AND s.state IN ('in_flight', 'uncertain'))"
            ),
            "a notification is in flight without a message",
        )

    @invariant()
    def every_waiting_fact_is_looked_at_again(self) -> None:
        """A fact that waits has a time, or a settlement that will wake it."""
        self.promise(
            not self.count(
                "state = 'waiting' AND NOT EXISTS (SELECT 1 FROM mailbox b WHERE"
                " b.recipient = notification.recipient AND (b.busy IS NOT NULL OR"
                f" b.due_at < {FAR})) AND NOT EXISTS (SELECT 1 FROM notification u"
                " WHERE u.episode = notification.episode"
                " AND u.recipient = notification.recipient"
                " AND u.state = 'in_flight')"
            ),
            "a notification waits for nothing",
        )

    @invariant()
    def what_is_told_was_accepted(self) -> None:
        """G4: told means that a provider took a message that says it."""
        self.promise(
            not self.count(
                "state = 'told' AND NOT EXISTS (SELECT 1 FROM message m WHERE m.id IN"
                " (notification.message, notification.replaces)"
                " AND m.state = 'accepted')"
            ),
            "told without an acceptance",
        )

    def everything_ends(self) -> None:
        """Answer all that is asked, and let time pass, until nothing is left."""
        for submission in self.under_way:
            self.settle(submission, Accepted())
        self.under_way = []
        for _ in range(300):
            claimed = self.take(dict.fromkeys(RULES.providers, 20))
            for submission in claimed.submissions:
                assert self.settle(submission, Accepted())
                self.under_way.remove(submission)
            if not claimed.submissions:
                if claimed.next_due is None:
                    break
                self.now = max(self.now + timedelta(seconds=1), claimed.next_due)
        left = self.count("state IN ('waiting', 'in_flight')")
        self.promise(not left, "something never ends")

    def record(self, made: AlertGroup) -> None:
        """Take a post in."""
        now = self.now
        done(
            self.store.record(
                keys_of_post(made),
                lambda known: plan_post(made, RULES, known, now),
                now,
            )
        )

    def take(self, ready: Mapping[ProviderName, int]) -> Claimed:
        """Claim, and check what leaves."""
        claimed = done(self.store.claim(ready, self.current, self.now))
        for submission in claimed.submissions:
            busy = {m.recipient for other in self.under_way for m in other.messages}
            people = [message.recipient for message in submission.messages]
            self.promise(not busy & set(people), "two submissions for one person")
            assert len(set(submission.numbers)) == len(people)
            self.under_way.append(submission)
            key = (submission.reference, submission.attempt)
            self.sent[key] = [(who, self.now) for who in people]
            for message in submission.messages:
                for fact in message.tells:
                    known = (fact.episode.id, message.recipient) in self.heard
                    self.promise(
                        fact.kind is not Kind.RESOLVED or known,
                        "resolved to somebody who heard nothing",
                    )
                if message.recipient == "bo" and self.is_night():
                    rung = [
                        fact
                        for fact in message.tells
                        if fact.severity is Severity.CRITICAL
                        and fact.kind is not Kind.RESOLVED
                    ]
                    self.promise(bool(rung), "woken for nothing")
            for who in people:
                for limit in RULES.pace.limits:
                    recent = self.recently(who, limit.window)
                    self.promise(recent <= limit.limit, "a storm")
        return claimed

    def is_night(self) -> bool:
        """Whether bo sleeps."""
        start, end = NIGHT
        return start <= self.now.hour * 60 + self.now.minute < end

    def promise(self, holds: bool, what: str) -> None:
        """Say which promise is broken; the end of the run is not checked then."""
        if not holds:
            self.broken = True
            raise AssertionError(what)

    def recently(self, who: str, window: timedelta) -> int:
        """How many SMS may have left to somebody within one window."""
        return sum(
            1
            for batch in self.sent.values()
            for name, at in batch
            if name == who and at > self.now - window
        )

    def settle(self, submission: Submission, outcome: Outcome) -> bool:
        """Settle as the dispatcher does."""
        if isinstance(outcome, Accepted | Uncertain):
            self.hear(submission)
        else:
            self.sent.pop((submission.reference, submission.attempt))
        steps = steps_of(submission, Outcomes(outcome), RULES, self.now)
        meta: list[Plan] = []
        for message in submission.messages:
            step = steps[message.id]
            dead = [f for f in message.tells if f.id in getattr(step, "dead", ())]
            about = [fact for fact in dead if fact.episode.source != OURSELVES]
            made = dead_notifications(dead, message.recipient, "no", RULES, self.now)
            assert bool(made) == bool(about), "a dead page needs a meta-alert"
            meta += made
        settlement = Settlement(Outcomes(outcome), steps, tuple(meta))
        return done(self.store.settle(submission, settlement, self.now))

    def hear(self, submission: Submission) -> None:
        """Note what these people may have heard."""
        for message in submission.messages:
            for fact in message.tells:
                if fact.kind is not Kind.RESOLVED:
                    self.heard.add((fact.episode.id, message.recipient))

    def count(self, where: str) -> int:
        """Count notifications."""
        row = self.lane._db.execute(
            f"SELECT count(*) FROM notification WHERE {where}"
        ).fetchone()
        return int(row[0])


SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


def check(examples: int, *phases: Phase) -> None:
    """Drive the machine, the same way every time."""
    run_state_machine_as_test(
        Pager,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            report_multiple_bugs=False,
            suppress_health_check=SLOW,
            phases=phases or (Phase.generate, Phase.shrink),
        ),
    )


def test_the_rules_hold_whatever_happens() -> None:
    """No order of posts, outcomes, crashes and waits breaks a promise."""
    check(120)


def no_pace(*_: object) -> Go:
    """Mutant: nobody is ever spared."""
    return Go()


def tell_everybody(letter: Mailbox, now: datetime) -> SortedOut:
    """Mutant: a resolved text also goes to people who never heard the firing."""
    facts = tuple(replace(fact, heard=True) for fact in letter.facts)
    return mailbox.sort_out(replace(letter, facts=facts), now)


def forget(*_: object, **__: object) -> None:
    """Mutant: a row is not written."""


def nobody_sleeps(*_: object) -> QuietHours:
    """Mutant: whoever asks is told that nobody has any hours."""
    return QuietHours()


MUTANTS: dict[str, tuple[ModuleType, str, Callable[..., object], str]] = {
    "no pace": (dispatch, "may_send", no_pace, "a storm"),
    "resolved to all": (quiet_mailbox, "sort_out", tell_everybody, "heard nothing"),
    "nobody sleeps": (quiet_mailbox, "hours_of", nobody_sleeps, "woken for nothing"),
    "a retry leaves the mailbox free": (
        sqlite_uncertain,
        "_occupy",
        forget,
        "two submissions",
    ),
    "what was not sent is forgotten": (
        sqlite_settle,
        "_move",
        forget,
        "in flight without a message|never ends",
    ),
    "nobody looks again": (
        sqlite_settle,
        "wake",
        forget,
        "waits for nothing|never ends",
    ),
}


@pytest.mark.parametrize(
    ("module", "name", "mutant", "found"), MUTANTS.values(), ids=MUTANTS.keys()
)
def test_the_machine_sees_a_broken_rule(
    monkeypatch: pytest.MonkeyPatch,
    module: ModuleType,
    name: str,
    mutant: Callable[..., object],
    found: str,
) -> None:
    """Each mutant breaks one promise, and the machine names it."""
    monkeypatch.setattr(module, name, mutant)
    if mutant in (no_pace, nobody_sleeps):
        # The engine asks it too, before a mailbox is read.
        monkeypatch.setattr(current, name, mutant)

    with pytest.raises(AssertionError, match=found):
        check(200, Phase.generate)
