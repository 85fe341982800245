"""Meta-alerts: pages about alertbridge itself, to the admins, like any other page."""

from collections.abc import Sequence
from datetime import datetime

from alertbridge.core.alert import (
    OURSELVES,
    Alert,
    GroupKey,
    Status,
    fingerprint_of,
)
from alertbridge.core.audience import Listener, listener_of, listeners_of_receiver
from alertbridge.core.notification import Fact, NotificationId, Reason
from alertbridge.core.plan import Keys, Known, Plan, Post
from alertbridge.core.planning import plan_past_routes
from alertbridge.core.recipient import Recipient, RecipientName, shown_recipient
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity, SeverityRule
from alertbridge.core.spend import FULL, Crossing
from alertbridge.core.spend_words import crossing_words

SPEND_WARNING = "SpendWarning"
"""The name of the page about a budget."""

TEST_PAGE = "TestPage"
"""The name of a test page's alert."""


def meta_plan(
    cause: str,
    subject: str,
    summary: str,
    rules: Rules,
    now: datetime,
    *,
    severity: Severity = Severity.CRITICAL,
) -> Plan:
    """Plan a page to `meta.receiver` about *cause*.

    *subject* tells one happening of the cause from the next; it is not shown.
    """
    listeners = listeners_of_receiver(rules.meta_receiver, rules)
    word = word_of(severity, rules.severity)
    return _plan_own(cause, subject, summary, word, listeners, rules, now)


def budget_crossed(crossing: Crossing, rules: Rules, now: datetime) -> Plan:
    """Tell the admins how much of a budget is spent.

    Half of one wakes nobody, and may be too old once a place is free; a budget that is
    used up keeps pages from people, and is critical.
    """
    severity = Severity.LOW
    if crossing.percent >= FULL:
        severity = Severity.CRITICAL
    elif crossing.percent > FULL / 2:
        severity = Severity.HIGH
    limit, payer = crossing.limit, crossing.limit.period.payer
    subject = (
        f"{payer.scope} {payer.name} {limit.period.key}"
        f" {crossing.percent} of {limit.segments}"
    )
    return meta_plan(
        SPEND_WARNING,
        subject,
        crossing_words(crossing),
        rules,
        now,
        severity=severity,
    )


def word_of(severity: Severity, rule: SeverityRule) -> str:
    """Find a value of the severity label that *rule* reads as *severity*.

    The lists of a config may leave out every word of ours; of nothing said, high is
    made.
    """
    words = {
        Severity.CRITICAL: ("critical", *sorted(rule.critical)),
        Severity.HIGH: ("warning", "high", "major"),
        Severity.LOW: ("info", *sorted(rule.low)),
    }[severity]
    fitting = (w for w in words if rule.classify({rule.label: w}) is severity)
    return next(fitting, "")


def test_page(
    recipient: Recipient, rules: Rules, now: datetime, *, followed: bool
) -> Plan:
    """Plan a page that says it is a test, to one person, through the whole path.

    *followed*: its gateway is asked whether it arrived, as for what is high.
    """
    summary = "this is a test: if you read it, your pages arrive"
    subject = f"{recipient.name} {now.isoformat()}"
    listeners = (listener_of(recipient),)
    word = word_of(Severity.HIGH if followed else Severity.LOW, rules.severity)
    return _plan_own(TEST_PAGE, subject, summary, word, listeners, rules, now)


def _plan_own(
    cause: str,
    subject: str,
    summary: str,
    severity: str,
    listeners: Sequence[Listener],
    rules: Rules,
    now: datetime,
) -> Plan:
    labels = {"alertname": cause, rules.severity.label: severity}
    alert = Alert(
        status=Status.FIRING,
        fingerprint=fingerprint_of({**labels, "subject": subject}),
        labels=labels,
        annotations={"summary": summary},
        starts_at=now,
    )
    keys = Keys(OURSELVES, cause, GroupKey(cause), (alert.fingerprint,))
    return plan_past_routes(alert, keys, listeners, rules, Known(), now)


def dead_notifications(
    dead: Sequence[Fact],
    recipient: RecipientName,
    detail: str,
    rules: Rules,
    now: datetime,
) -> tuple[Plan, ...]:
    """Tell the admins that somebody was not told; empty if it was a meta-alert.

    A dead meta-alert makes no meta-alert: the loop would page for ever.
    """
    facts = [fact for fact in dead if fact.episode.source != OURSELVES]
    if not facts:
        return ()
    names = sorted({name_of(fact) for fact in facts})
    shown = ", ".join(names[:3])
    if len(names) > 3:
        shown += f" +{len(names) - 3}"
    # An answer or a report was lost: the phone may have rung, twice even.
    maybe = any(fact.maybe_heard for fact in facts)
    told = "may not have been told of" if maybe else "was not told of"
    summary = f"{shown_recipient(recipient)} {told} {shown}: {detail}"
    subject = f"{recipient} {min(fact.id for fact in facts)}"
    return (meta_plan("PageNotSent", subject, summary, rules, now),)


def unsendable_notification(
    notification: NotificationId, reason: Reason, rules: Rules, now: datetime
) -> Plan:
    """Tell the admins of a page that the store did not let leave.

    Whose it was is not said: a damaged row cannot be believed.
    """
    why = "its row in the store is damaged"
    if reason is Reason.POISON:
        why = "alertbridge failed at it five times"
    summary = (
        f"a page was not sent: {why}; see notification {notification} in"
        " `alertbridge outbox list --dead`"
    )
    return meta_plan("PageNotSent", f"{reason} {notification}", summary, rules, now)


def broken_template(
    version: str, template: str, error: str, rules: Rules, now: datetime
) -> Plan:
    """Tell the admins that a template of the config *version* does not work.

    Not critical: every page goes out, in our own words. The subject is the config and
    the template, so that the page can be found again (`unless_known`).
    """
    summary = f"{error}; the built-in text goes out instead"
    subject = f"{version} {template}"
    listeners = listeners_of_receiver(rules.meta_receiver, rules)
    return _plan_own(
        "TemplateFailed", subject, summary, "warning", listeners, rules, now
    )


def unless_known(made: Plan, known: Known) -> Plan:
    """Change nothing if what *made* is about was paged before, however long ago."""
    if not any(key in known.episodes for key in made.keys.fingerprints):
        return made
    return Plan(keys=made.keys, post=Post.COPY, reason=None, note=made.note)


def name_of(fact: Fact) -> str:
    """The name an alert goes by."""
    return fact.episode.labels.get("alertname") or f"episode {fact.episode.id}"
