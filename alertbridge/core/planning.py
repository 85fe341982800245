"""Decide who must hear what of a post.

Pure: the caller reads the clock and what these recipients have been told. One post is
read alert by alert against the recorded state; nothing in its body but labels, status
and times decides anything.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from alertbridge.core.alert import Alert, AlertGroup, PostReason, labels_for_matching
from alertbridge.core.audience import Listener, listeners_of_routes
from alertbridge.core.episode import (
    Ends,
    EndsUnheard,
    FiresAgain,
    KnownEpisode,
    Late,
    Opens,
    Same,
    sight,
)
from alertbridge.core.notification import PostNote
from alertbridge.core.plan import Keys, Known, LastPost, Plan, Post, Verdict, keys_of
from alertbridge.core.plan_draft import PlanDraft
from alertbridge.core.rules import Rules
from alertbridge.core.swallow import swallow

REPEAT_COPY = timedelta(minutes=5)
"""Two peers each post their "repeat interval elapsed"; within this it is one."""


def plan(group: AlertGroup, rules: Rules, known: Known, now: datetime) -> Plan:
    """Say what *group* changes, given what is *known* of its alerts and its group."""
    keys = keys_of(group)
    draft = PlanDraft(rules, now, group.source)
    listeners = _Listeners(group, rules, now)
    watchdog = rules.watchdogs.get(group.source)
    same: list[tuple[Alert, KnownEpisode]] = []
    seen: set[str] = set()
    for alert in group.alerts:
        if alert.fingerprint in seen:
            continue
        seen.add(alert.fingerprint)
        known_episode = known.episodes.get(alert.fingerprint)
        if watchdog is not None and watchdog.matches(alert.labels):
            swallow(draft, alert, known_episode, watchdog.where)
            continue
        match sight(known_episode, alert, now, rules.flapping):
            case Opens(starts_at, closes, flaps):
                draft.close_unseen(closes, starts_at)
                draft.supersede(known_episode)
                draft.open(alert, starts_at, listeners.of(alert), flaps)
            case FiresAgain(starts_at):
                assert known_episode is not None
                draft.fire_again(alert, known_episode, starts_at, listeners.of(alert))
            case Same(starts_at):
                assert known_episode is not None
                draft.keep(alert, known_episode, starts_at)
                same.append((alert, known_episode))
            case Ends(ends_at):
                assert known_episode is not None
                draft.end(known_episode, ends_at)
            case EndsUnheard(starts_at, ends_at):
                draft.end_unheard(alert, starts_at, ends_at)
            case Late():
                draft.leave_out(alert, Verdict.LATE_COPY)
            case other:
                assert_never(other)
    for episode in known.others:
        draft.end(episode, now)
    post = classify(
        group.reason,
        known.last_post,
        news=draft.has_news,
        repeat_window=rules.repeat_window,
        now=now,
    )
    for alert, episode in same:
        draft.tell_again(
            alert, episode, listeners.of(alert), repeats=post is Post.REPEAT
        )
    note = PostNote(
        note_key(keys),
        truncated=group.truncated,
        unreadable=len(group.unreadable),
        oversized=group.oversized,
    )
    return draft.finish(keys, post, note, group.reason)


def classify(
    reason: PostReason | None,
    last_post: LastPost | None,
    *,
    news: bool,
    repeat_window: timedelta,
    now: datetime,
) -> Post:
    """Tell news, a repeat and a copy apart (rule 5).

    A sender that gives its reason is believed: only "repeat interval elapsed"
    reminds, once for all peers that say so within five minutes. Without a reason a
    post without news is a repeat if the previous one of its group is at least
    *repeat_window* old; with no previous post known it is a copy.
    """
    if news:
        return Post.NEWS
    if reason is not None:
        if reason is not PostReason.REPEAT:
            return Post.COPY
        repeated_at = None if last_post is None else last_post.repeated_at
        if repeated_at is not None and now - repeated_at < REPEAT_COPY:
            return Post.COPY
        return Post.REPEAT
    if last_post is None or now - last_post.at < repeat_window:
        return Post.COPY
    return Post.REPEAT


def plan_past_routes(
    alert: Alert,
    keys: Keys,
    listeners: Sequence[Listener],
    rules: Rules,
    known: Known,
    now: datetime,
) -> Plan:
    """Page *listeners*, past the routing tree.

    For what is about alertbridge itself, and for a post too large to be read. An
    episode of the same fingerprint that is already open is not told again.
    """
    draft = PlanDraft(rules, now, keys.source)
    sighting = sight(known.episodes.get(alert.fingerprint), alert, now)
    post = Post.COPY
    if isinstance(sighting, Opens):
        post = Post.NEWS
        draft.close_unseen(sighting.closes, sighting.starts_at)
        draft.open(alert, sighting.starts_at, listeners)
    return draft.finish(keys, post, PostNote(note_key(keys)))


class _Listeners:
    """Who listens to each alert of a group: most of a storm takes the same routes."""

    def __init__(self, group: AlertGroup, rules: Rules, now: datetime) -> None:
        self._group = group
        self._rules = rules
        self._now = now
        self._known: dict[tuple[str, ...], tuple[Listener, ...]] = {}

    def of(self, alert: Alert) -> tuple[Listener, ...]:
        """Everybody *alert* is routed to."""
        routes = self._rules.tree.match(labels_for_matching(alert, self._group))
        severity = self._rules.severity.classify(alert.labels)
        taken = (severity.word, *(route.id for route in routes))
        found = self._known.get(taken)
        if found is None:
            found = listeners_of_routes(routes, severity, self._rules, self._now)
            self._known[taken] = found
        return found


def note_key(keys: Keys) -> str:
    """Name the group that a note is about."""
    return "\x1f".join((keys.source, keys.receiver, keys.group_key))
