"""How long an accepted message is followed: when to ask about it, when to go on.

Accepted is not delivered. Until the carrier says so, a page that somebody must hear is
asked about, and when nothing comes it takes another way. Figures: GoAlert polls what is
stuck after a minute; PagerDuty sends again without a receipt, and lives with the second
SMS.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from alertbridge.core.message import Reference
from alertbridge.core.notification import MessageId, ProviderName
from alertbridge.core.report import DeliveryReport
from alertbridge.core.severity import Severity


def _seconds(*values: float) -> tuple[timedelta, ...]:
    return tuple(timedelta(seconds=value) for value in values)


OVERDUE: Mapping[Severity, timedelta] = {
    Severity.CRITICAL: timedelta(seconds=180),
    Severity.HIGH: timedelta(minutes=15),
}
"""After acceptance: a report that has not come by then is not waited for any longer.
What is low waits for none: it costs an SMS to doubt, and nobody is woken by it."""

ASK: Mapping[Severity, tuple[timedelta, ...]] = {
    Severity.CRITICAL: _seconds(30, 60, 120, 170),
    Severity.HIGH: _seconds(60, 300, 840),
}
"""After acceptance: when the gateway is asked, if no final report has come. A callback
that a firewall keeps away costs a critical page thirty seconds, not its fail-over."""

ANSWERED_WITHIN = timedelta(seconds=10)
"""After a question that came late: what was accepted before we were away for longer
than a report is waited for is asked about once, rather than doubted unasked."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a provider can say of a message later.

    `reports`: it tells of its own accord. `answers`: it can be asked.
    """

    reports: bool = False
    answers: bool = False


GONE = Abilities(reports=True)
"""Of a provider that the config has no more: what it could have told will not come, and
is waited for no longer than if it were still there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """An accepted message of which no end is known, or none has been acted on.

    `severity` is the worst of what it tells that still fires, nobody has taken, and was
    not given up on; None if nothing is. `claimed_at` is when somebody, who may not be
    the gateway, said that it is delivered.
    """

    message: MessageId
    reference: Reference
    provider: ProviderName
    provider_id: str
    accepted_at: datetime
    severity: Severity | None = None
    known: DeliveryReport | None = None
    asked_at: datetime | None = None
    claimed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ActOn:
    """Its end is known and has not been acted on."""


@dataclass(frozen=True, slots=True)
class AskNow:
    """The gateway is to be asked; `late`: or else it is too late.

    A gateway that does not answer these days need not be waited for then.
    """

    late: bool = False


@dataclass(frozen=True, slots=True)
class TooLate:
    """Nothing final has come in time."""


@dataclass(frozen=True, slots=True)
class LetGo:
    """Nothing is waited for: it is taken up again when a report says how it ended."""


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is to be done before `until`."""

    until: datetime


Due = ActOn | AskNow | TooLate | LetGo | Wait


def due(followed: Followed, abilities: Abilities, now: datetime) -> Due:
    """Say what is to be done about *followed* now."""
    known, severity = followed.known, followed.severity
    claimed_at = followed.claimed_at if abilities.answers else None
    claimed = claimed_at is not None and _unasked(claimed_at, followed.asked_at, now)
    if known is not None and known.is_delivered:
        return ActOn()
    if known is not None and known.is_final_failure:
        # With something still to be told, that comes first.
        return AskNow() if claimed and severity is None else ActOn()
    if claimed:
        return AskNow()
    if not (abilities.reports or abilities.answers):
        return LetGo()
    if severity is None or severity not in OVERDUE:
        return LetGo()
    accepted_at = followed.accepted_at
    overdue_at = accepted_at + OVERDUE[severity]
    asks = ASK[severity] if abilities.answers else ()
    if now >= overdue_at and asks:
        if followed.asked_at is None:
            return AskNow(late=True)
        overdue_at = max(overdue_at, followed.asked_at + ANSWERED_WITHIN)
    if now >= overdue_at:
        return TooLate()
    times = [accepted_at + after for after in asks]
    if claimed_at is not None:
        times.append(claimed_at)
    if any(_unasked(at, followed.asked_at, now) for at in times):
        return AskNow()
    return Wait(min(at for at in (*times, overdue_at) if at > now))


def next_look(found: Iterable[Due]) -> datetime | None:
    """When the first of these is to be looked at again."""
    return min((one.until for one in found if isinstance(one, Wait)), default=None)


def _unasked(at: datetime, asked_at: datetime | None, now: datetime) -> bool:
    return at <= now and (asked_at is None or asked_at < at)
