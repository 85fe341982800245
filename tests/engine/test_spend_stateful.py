"""What SMS cost, under any order of pages, outcomes, crashes and days.

A ledger of its own is kept beside the store, from nothing but what left and what became
of it, and compared after every step. The mutants at the end show that it would see.
"""

from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass, replace
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

from alertbridge.core import spend_decision, spend_payers
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
from alertbridge.core.message import (
    Accepted,
    Deferred,
    Message,
    Outcome,
    Outcomes,
    Reference,
    Rejected,
    Submission,
    Uncertain,
)
from alertbridge.core.notification import MessageId, ProviderName
from alertbridge.core.pace import Pace
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
from alertbridge.core.spend import (
    Crossing,
    Limit,
    SpendBudget,
    Spent,
    crossing_of,
)
from alertbridge.core.stand_in import keys_of_post, plan_post
from alertbridge.engine.current import Current
from alertbridge.stores import (
    sqlite_claim,
    sqlite_operator,
    sqlite_settle,
    sqlite_uncertain,
)
from alertbridge.stores.columns import stamp
from alertbridge.stores.memory import MemoryLane
from alertbridge.stores.sqlite import SqliteStore

T0 = datetime.fromisoformat("2026-03-29T21:00:00+00:00")
SRE, ADMINS = ReceiverName("sre"), ReceiverName("admins")
ANNA = SpendBudget(daily=4, monthly=9)
RULES = Rules(
    tree=RouteTree(Route(id="", receiver=SRE, spend=SpendBudget(daily=8))),
    receivers={
        name: Receiver(name=name, recipients=tuple(map(RecipientName, who)))
        for name, who in ((SRE, ("anna", "bo")), (ADMINS, ("bo",)))
    },
    recipients={
        RecipientName(name): Recipient(
            name=RecipientName(name), phones=(Msisdn(phone),), spend=budget
        )
        for name, phone, budget in (
            ("anna", "+46701740605", ANNA),
            ("bo", "+46701740606", SpendBudget()),
        )
    },
    providers=(ProviderName("one"), ProviderName("two")),
    provider_spend={ProviderName("one"): SpendBudget(daily=6)},
    meta_receiver=ADMINS,
    pace=Pace(()),
)
OUTCOMES: dict[str, Outcome] = {
    "accepted": Accepted(),
    "deferred": Deferred(detail="busy"),
    "uncertain": Uncertain(detail="no answer"),
    "rejected": Rejected(detail="no"),
}
Key = tuple[str, str, str]
T = TypeVar("T")


def done(work: Coroutine[object, object, T]) -> T:
    """Run what never really waits: the store in memory answers at once."""
    try:
        work.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    raise AssertionError("the store in memory waited")


@dataclass(frozen=True, slots=True)
class Bill:
    """One SMS of one attempt: who pays, how much, and of what it told the end."""

    keys: tuple[Key, ...]
    segments: int
    said: tuple[tuple[str, str, str, str], ...]


class Spender(RuleBasedStateMachine):
    """Pages come and leave, processes die, days pass; the sums are right throughout."""

    def __init__(self) -> None:
        super().__init__()
        self.lane = MemoryLane()
        self.store = SqliteStore(self.lane, (Reference(f"r{n}") for n in count()))
        done(self.store.recover(T0, UNCERTAIN_WAIT))
        self.current = Current(RULES)
        self.now = T0
        self.names = count()
        self.under_way: dict[tuple[Reference, int], Submission] = {}
        self.bills: dict[tuple[MessageId, int], Bill] = {}
        self.kept: list[Bill] = []

    def teardown(self) -> None:
        """Let go of the store."""
        done(self.store.close())

    @rule(severity=st.sampled_from(["critical", "warning", "warning", "info"]))
    def post(self, severity: str) -> None:
        """Something new fires."""
        labels = {"alertname": f"A{next(self.names)}", "severity": severity}
        alert = Alert(
            status=Status.FIRING,
            fingerprint=fingerprint_of(labels),
            labels=labels,
            starts_at=self.now,
        )
        key = GroupKey(labels["alertname"])
        made = AlertGroup(
            source=SourceName("am"), receiver="hook", group_key=key, alerts=(alert,)
        )
        now = self.now
        done(
            self.store.record(
                keys_of_post(made),
                lambda known: plan_post(made, RULES, known, now),
                now,
            )
        )

    @rule()
    def claim(self) -> None:
        """What may leave, leaves."""
        self.take()

    @rule(
        severity=st.sampled_from(["critical", "warning"]),
        kind=st.sampled_from([*OUTCOMES, "accepted", "accepted"]),
    )
    def page(self, severity: str, kind: str) -> None:
        """One page leaves, and everything under way is answered."""
        self.post(severity)
        self.take()
        for submission in tuple(self.under_way.values()):
            self.settle(submission, OUTCOMES[kind])

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), kind=st.sampled_from(sorted(OUTCOMES)))
    def answer(self, data: st.DataObject, kind: str) -> None:
        """A provider answers one request."""
        key = data.draw(st.sampled_from(sorted(self.under_way)))
        self.settle(self.under_way[key], OUTCOMES[kind])

    @rule()
    def restart(self) -> None:
        """The process is killed: what it had under way may have left."""
        for submission in self.under_way.values():
            for message in submission.messages:
                self.kept.append(self.bills.pop((message.id, submission.attempt)))
        self.under_way = {}
        done(self.store.recover(self.now, UNCERTAIN_WAIT))

    @rule(seconds=st.sampled_from([6, 20, 200, 3000, 40_000]))
    def wait(self, seconds: int) -> None:
        """Time passes."""
        self.now += timedelta(seconds=seconds)

    @rule()
    def everything_critical_leaves(self) -> None:
        """All is answered at last: nothing critical is left, whatever it cost."""
        for submission in tuple(self.under_way.values()):
            self.settle(submission, Accepted())
        for _ in range(20):
            self.now += timedelta(seconds=60)
            self.take()
            for submission in tuple(self.under_way.values()):
                self.settle(submission, Accepted())
        (held,) = self.lane._db.execute(
            "SELECT count(*) FROM notification WHERE state IN ('waiting', 'in_flight')"
            # What the last answers made us say of ourselves has not had its turn.
            " AND severity = 0 AND created_at < ?",
            (stamp(self.now - timedelta(minutes=5)),),
        ).fetchone()
        assert not held, "a critical page was held back"

    @rule(severity=st.sampled_from(["critical", "warning"]))
    def repeat(self, severity: str) -> None:
        """With one provider, what is uncertain goes out again as it was."""
        self.page(severity, "uncertain")
        self.now += UNCERTAIN_WAIT
        self.take(RULES.providers[:1])

    @invariant()
    def what_is_counted_is_what_may_have_left(self) -> None:
        """Each attempt, its segments, each number; no more and no less."""
        expected: Counter[Key] = Counter()
        open_: Counter[Key] = Counter()
        for bill in (*self.kept, *self.bills.values()):
            expected.update(dict.fromkeys(bill.keys, bill.segments))
        for bill in self.bills.values():
            open_.update(dict.fromkeys(bill.keys, bill.segments))
        rows = self.lane._db.execute(
            "SELECT scope, name, period, segments, under_way FROM spend"
        ).fetchall()
        counted = {row[:3]: row[3] for row in rows if row[3]}
        pending = {row[:3]: row[4] for row in rows if row[4]}
        assert counted == +expected, "the sum is not what may have left"
        assert pending == +open_, "something is under way for ever"

    @invariant()
    def no_mark_is_told_twice(self) -> None:
        """Each mark of each budget is told once in its day, and in its month."""
        rows = self.lane._db.execute(
            "SELECT annotations, starts_at FROM episode WHERE source = ?"
            " AND labels LIKE '%SpendWarning%'",
            (OURSELVES,),
        ).fetchall()
        told = Counter(
            (said, at // 86_400_000_000 if "today" in said else 0) for said, at in rows
        )
        # A month can begin in a run: its marks may be told once more.
        assert all(n <= 1 + ("month" in said) for (said, _), n in told.items()), (
            "a mark was told twice"
        )

    def take(self, providers: Sequence[ProviderName] = RULES.providers) -> None:
        """Claim, and check what leaves against what was spent before."""
        before = self.sums()
        said = {key for bill in self.all_bills() for key in bill.said}
        claimed = done(
            self.store.claim(dict.fromkeys(providers, 50), self.current, self.now)
        )
        for submission in claimed.submissions:
            for message in submission.messages:
                used_up = self.used_up(message, before)
                cheap = [
                    fact
                    for fact in message.tells
                    if fact.severity is not Severity.CRITICAL
                    and fact.episode.source != OURSELVES
                ]
                first = submission.attempt == 1
                if cheap and used_up and first:
                    assert "used up" in submission.text.body, "nobody was told"
                    twice = {(str(message.recipient), *key) for key in used_up}
                    assert not twice & said, "said twice"
                notice = tuple(
                    (str(message.recipient), *key) for key in used_up if cheap and first
                )
                self.bills[message.id, submission.attempt] = Bill(
                    tuple(self.keys_of(message, submission.provider)),
                    submission.text.segments,
                    notice,
                )
            self.under_way[submission.reference, submission.attempt] = submission

    def all_bills(self) -> Iterator[Bill]:
        """Everything that may have left, and is not known not to."""
        yield from self.kept
        yield from self.bills.values()

    def sums(self) -> Counter[Key]:
        """What everybody has spent."""
        found: Counter[Key] = Counter()
        for bill in self.all_bills():
            found.update(dict.fromkeys(bill.keys, bill.segments))
        return found

    def keys_of(self, message: Message, provider: ProviderName) -> Iterator[Key]:
        """Who pays, on which day and in which month."""
        payers = [("recipient", str(message.recipient)), ("provider", str(provider))]
        if any(fact.route is not None for fact in message.tells):
            payers.append(("route", "root"))
        for scope, name in payers:
            yield scope, name, f"{self.now:%Y-%m-%d}"
            yield scope, name, f"{self.now:%Y-%m}"

    def used_up(self, message: Message, spent: Counter[Key]) -> list[Key]:
        """The person's and the route's budgets that were used up by then."""
        day, month = f"{self.now:%Y-%m-%d}", f"{self.now:%Y-%m}"
        limits: dict[Key, int] = {("route", "root", day): 8}
        if message.recipient == "anna":
            limits["recipient", "anna", day] = 4
            limits["recipient", "anna", month] = 9
        return [key for key, most in limits.items() if spent[key] >= most]

    def settle(self, submission: Submission, outcome: Outcome) -> None:
        """Settle as the dispatcher does."""
        steps = steps_of(submission, Outcomes(outcome), RULES, self.now)
        del self.under_way[submission.reference, submission.attempt]
        for message in submission.messages:
            bill = self.bills.pop((message.id, submission.attempt))
            if isinstance(outcome, Accepted | Uncertain):
                self.kept.append(bill)
        now = self.now
        settlement = Settlement(
            Outcomes(outcome), steps, (), lambda s: self.current.crossed(s, now)
        )
        assert done(self.store.settle(submission, settlement, now))


def check(examples: int, *phases: Phase) -> None:
    """Drive the machine, the same way every time."""
    run_state_machine_as_test(
        Spender,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            deadline=None,
            derandomize=True,
            report_multiple_bugs=False,
            suppress_health_check=[
                HealthCheck.too_slow,
                HealthCheck.data_too_large,
                HealthCheck.filter_too_much,
            ],
            phases=phases or (Phase.generate, Phase.shrink),
        ),
    )


def test_the_sums_are_right_whatever_happens() -> None:
    """No order of pages, outcomes, crashes and days loses or invents a segment."""
    check(100)


def forget(*_: object, **__: object) -> None:
    """Mutant: a row is not written."""


def nothing_is_exempt(_: object) -> bool:
    """Mutant: money stops critical pages as well."""
    return False


def never_told(limit: Limit, spent: Spent) -> Crossing | None:
    """Mutant: that a mark was told is not remembered."""
    return crossing_of(limit, replace(spent, warned=0))


MUTANTS: dict[str, tuple[ModuleType, str, Callable[..., object], str]] = {
    "a claim is not counted": (sqlite_claim, "charge", forget, "the sum"),
    "a repeat is not counted": (sqlite_uncertain, "charge", forget, "the sum"),
    "nothing is given back": (sqlite_settle, "give_back", forget, "the sum"),
    "a killed process is not closed": (
        sqlite_operator,
        "close_all_charges",
        forget,
        "under way for ever",
    ),
    "the digest is repeated": (sqlite_claim, "say_used_up", forget, "said twice"),
    "critical is held": (
        spend_decision,
        "is_exempt",
        nothing_is_exempt,
        "critical page was held|said twice",
    ),
    "a mark is told again": (spend_payers, "crossing_of", never_told, "told twice"),
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

    with pytest.raises(AssertionError, match=found):
        check(200, Phase.generate)
