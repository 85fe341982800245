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
from alertbridge.core.notification import Fact, ProviderName
from alertbridge.core.plan import Keys, Known, Plan, Post
from alertbridge.core.planning import plan_past_routes
from alertbridge.core.recipient import Recipient, RecipientName, mask
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
    word = _word_of(severity, rules.severity)
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


def _word_of(severity: Severity, rule: SeverityRule) -> str:
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


def test_page(recipient: Recipient, rules: Rules, now: datetime) -> Plan:
    """Plan a page that says it is a test, to one person, through the whole path."""
    summary = "this is a test: if you read it, your pages arrive"
    subject = f"{recipient.name} {now.isoformat()}"
    listeners = (listener_of(recipient),)
    return _plan_own(TEST_PAGE, subject, summary, "info", listeners, rules, now)


def _critical(rules: Rules) -> str:
    """A value that this config takes for critical: it must break through a night."""
    known = rules.severity.critical
    return "critical" if "critical" in known or not known else min(known)


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
    # An answer was lost: the phone may have rung, twice even.
    maybe = any(fact.uncertain for fact in facts)
    told = "may not have been told of" if maybe else "was not told of"
    summary = f"{_shown(recipient)} {told} {shown}: {detail}"
    subject = f"{recipient} {min(fact.id for fact in facts)}"
    return (meta_plan("PageNotSent", subject, summary, rules, now),)


def unconfirmed_page(
    facts: Sequence[Fact],
    recipient: RecipientName,
    detail: str,
    rules: Rules,
    now: datetime,
) -> tuple[Plan, ...]:
    """Tell the admins that nobody says whether somebody's phone has a page.

    Empty if it was a meta-alert, or if nobody else would hear of it: that text would go
    the way of the first.
    """
    facts = [fact for fact in facts if fact.episode.source != OURSELVES]
    others = tuple(
        listener
        for listener in listeners_of_receiver(rules.meta_receiver, rules)
        if listener.recipient != recipient
    )
    if not facts or not others:
        return ()
    names = ", ".join(sorted({name_of(fact) for fact in facts})[:3])
    summary = f"{_shown(recipient)} may not have been told of {names}: {detail}"
    subject = f"{recipient} {min(fact.id for fact in facts)}"
    word = _word_of(Severity.CRITICAL, rules.severity)
    plan = _plan_own("PageUnconfirmed", subject, summary, word, others, rules, now)
    return (plan,)


def provider_down(
    provider: ProviderName, detail: str, rules: Rules, now: datetime
) -> tuple[Plan, ...]:
    """Tell the admins that a provider fails; nothing where it is the only one.

    By whom should it be told? It would leave when it is no longer true.
    """
    if len(rules.providers) < 2:
        return ()
    summary = f"{provider} takes no SMS: {detail}; others are used meanwhile"
    plan = meta_plan(
        "ProviderDown", f"{provider} {now.isoformat()}", summary, rules, now
    )
    return (plan,)


def removed_recipient(
    recipient: RecipientName, message: int, rules: Rules, now: datetime
) -> Plan:
    """Tell the admins that somebody the config no longer has was still told."""
    summary = (
        f"{_shown(recipient)} is no longer in the config (removed, or renamed):"
        " a page was sent to the numbers stored with it"
    )
    return meta_plan(
        "RemovedRecipientTold", f"{recipient} {message}", summary, rules, now
    )


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


def _shown(recipient: RecipientName) -> str:
    """A person's name; a bare number that is its own recipient is masked."""
    return mask(recipient) if recipient.startswith("+") else recipient


def name_of(fact: Fact) -> str:
    """The name an alert goes by."""
    return fact.episode.labels.get("alertname") or f"episode {fact.episode.id}"
