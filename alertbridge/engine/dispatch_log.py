"""What the dispatcher says in the log: each line also feeds a metric."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import assert_never

import structlog

from alertbridge.core.delivery import AnotherWay, GiveUp, Step
from alertbridge.core.message import (
    Accepted,
    Deferred,
    Outcome,
    Outcomes,
    Rejected,
    Submission,
    Uncertain,
)
from alertbridge.core.notification import MessageId, Reason
from alertbridge.core.spend import Crossing
from alertbridge.ports import Claimed

log = structlog.get_logger()


def report_claimed(claimed: Claimed) -> None:
    """Say what leaves, and what will not any more."""
    dropped = Counter((drop.state, drop.reason) for drop in claimed.drops)
    for (state, why), amount in dropped.items():
        log.info("fact.ended", state=state.value, reason=why.value, amount=amount)
    for submission in claimed.submissions:
        log.info(
            "submission.claimed",
            provider=submission.provider,
            reference=submission.reference,
            numbers=len(submission.messages),
            segments=submission.text.segments,
            attempt=submission.attempt,
        )


def report_settled(
    submission: Submission,
    outcomes: Outcomes,
    steps: Mapping[MessageId, Step],
    seconds: float,
    now: datetime,
) -> None:
    """Say what became of an attempt that took so many seconds."""
    facts = [fact for message in submission.messages for fact in message.tells]
    oldest = min((fact.created_at for fact in facts), default=submission.began_at)
    log.info(
        "submission.settled",
        provider=submission.provider,
        reference=submission.reference,
        outcome=type(outcomes.all).__name__.lower(),
        reason=detail_of(outcomes.all),
        numbers=len(submission.messages),
        notifications=len(facts),
        segments=submission.text.segments,
        seconds=round(seconds, 3),
        waited=round((now - oldest).total_seconds(), 3),
    )
    for kind, reason in (
        (AnotherWay, Reason.NO_WAY_LEFT),
        (GiveUp, Reason.UNCERTAIN_TWICE),
    ):
        dead = sum(len(step.dead) for step in steps.values() if isinstance(step, kind))
        if dead:
            log.info("fact.ended", state="dead", reason=reason.value, amount=dead)


def report_crossed(crossing: Crossing) -> None:
    """Say that a budget is used up, or soon will be."""
    limit = crossing.limit
    log.warning(
        "spend.crossed",
        scope=limit.period.payer.scope.value,
        name=limit.period.payer.name,
        period=limit.period.span.value,
        percent=crossing.percent,
        segments=crossing.segments,
        budget=limit.segments,
    )


def detail_of(outcome: Outcome) -> str:
    """What the provider said, for people; never a secret, never a number."""
    match outcome:
        case Accepted():
            return ""
        case (
            Deferred(detail=detail) | Uncertain(detail=detail) | Rejected(detail=detail)
        ):
            return detail
        case _:
            assert_never(outcome)
