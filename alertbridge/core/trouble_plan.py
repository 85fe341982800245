"""What is wrong with alertbridge or around it, and how often the admins hear of it.

One page for a trouble as long as it lasts, and at most one about the same in a quarter
of an hour, however often it comes and goes. Decided in the transaction that writes the
page, from what the store holds: neither a restart nor a reload pages anybody twice.
"""

from datetime import datetime, timedelta

from alertbridge.core.alert import (
    OURSELVES,
    Alert,
    Status,
)
from alertbridge.core.audience import listeners_of_receiver
from alertbridge.core.episode import KnownEpisode
from alertbridge.core.meta import word_of
from alertbridge.core.notification import PostNote
from alertbridge.core.plan import Known, MoveEpisode, Plan, Post
from alertbridge.core.plan_draft import PlanDraft
from alertbridge.core.planning import note_key
from alertbridge.core.rules import Rules
from alertbridge.core.trouble import Cause, Trouble

SAID_AGAIN = timedelta(minutes=15)
"""Least time between two pages about the same."""


def raise_trouble(trouble: Trouble, rules: Rules, known: Known, now: datetime) -> Plan:
    """Plan the page about *trouble*; what is open, or was said just now, pages nobody.

    Who says so while it lasts may say it as often as he likes: what is kept back is
    told once its quarter of an hour is over.
    """
    keys = trouble.cause.keys
    told = known.episodes.get(keys.fingerprints[0])
    draft = PlanDraft(rules, now, OURSELVES)
    post = Post.COPY
    if told is not None and told.ends_at is None and trouble.lasts:
        _keep_words(draft, told, trouble)
    elif told is None or not _said_lately(told, now):
        post = Post.NEWS
        if told is not None and told.ends_at is None:
            draft.close_unseen(told, now)
        draft.supersede(told)
        alert = _alert_of(trouble, rules, now)
        admins = listeners_of_receiver(rules.meta_receiver, rules)
        draft.open(alert, now, admins)
    return draft.finish(keys, post, PostNote(note_key(keys)))


def is_known(trouble: Trouble, known: Known) -> bool:
    """Whether the admins have a page about it, or will get one, and it still holds."""
    told = known.episodes.get(trouble.cause.keys.fingerprints[0])
    return told is not None and told.ends_at is None


def end_trouble(cause: Cause, rules: Rules, known: Known, now: datetime) -> Plan:
    """Plan what is told to those who heard of a trouble that is over."""
    told = known.episodes.get(cause.keys.fingerprints[0])
    draft = PlanDraft(rules, now, OURSELVES)
    if told is not None and told.ends_at is None:
        draft.end(told, now)
    return draft.finish(cause.keys, Post.COPY, PostNote(note_key(cause.keys)))


def _said_lately(told: KnownEpisode, now: datetime) -> bool:
    """Whether a page about it was made less than a quarter of an hour ago.

    By when we wrote it, which moves with a clock that is set. Only a file from another
    clock has it in the future: that keeps nobody silent.
    """
    return any(timedelta(0) <= now - at < SAID_AGAIN for at in told.opened)


def _keep_words(draft: PlanDraft, told: KnownEpisode, trouble: Trouble) -> None:
    """Let a page that still waits say the newest figures."""
    words = _annotations(trouble)
    if told.annotations != words:
        draft.moves.append(MoveEpisode(id=told.id, annotations=words))


def _alert_of(trouble: Trouble, rules: Rules, now: datetime) -> Alert:
    word = word_of(trouble.severity, rules.severity)
    return Alert(
        status=Status.FIRING,
        fingerprint=trouble.cause.keys.fingerprints[0],
        labels={"alertname": trouble.cause.name, rules.severity.label: word},
        annotations=_annotations(trouble),
        starts_at=now,
    )


def _annotations(trouble: Trouble) -> dict[str, str]:
    return {"summary": trouble.summary}
