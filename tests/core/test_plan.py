"""What a post changes, given what is known: the decision alone, without a store."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from round_trip import MakeAlert, MakeGroup, MakeRules

from alertbridge.core.alert import Alert, PostReason
from alertbridge.core.audience import listeners_of_receiver
from alertbridge.core.episode import KnownEpisode, KnownFact
from alertbridge.core.interval import HORIZON, TimeInterval
from alertbridge.core.notification import (
    EpisodeId,
    Kind,
    NotificationId,
    Reason,
    State,
)
from alertbridge.core.plan import Known, LastPost, Plan, Post, Verdict, keys_of
from alertbridge.core.planning import plan, plan_past_routes
from alertbridge.core.recipient import ReceiverName, RecipientName
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity

NOW = datetime(2026, 3, 14, 3, 30, tzinfo=UTC)
STARTED = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
SEVEN = datetime(2026, 3, 14, 7, 0, tzinfo=UTC)
NIGHT = TimeInterval(times=((22 * 60, 7 * 60),))
ALWAYS = TimeInterval()
ANNA = RecipientName("anna")

REPEATS = LastPost(NOW - timedelta(hours=4))
"""The previous post, so long ago that one without news is a repeat."""


def known_fact(state: State = State.TOLD, **own: object) -> KnownFact:
    """Build a fact of Anna's about the firing of DiskFull."""
    made = KnownFact(
        id=NotificationId(1),
        recipient=ANNA,
        kind=Kind.FIRING,
        round=0,
        state=state,
        reason=Reason.NEWS,
        receiver="sre",
    )
    return replace(made, **own)  # type: ignore[arg-type]


def known_of(
    alert: Alert, *facts: KnownFact, last: LastPost | None = None, **own: object
) -> Known:
    """Build what is known of one open episode."""
    episode = KnownEpisode(
        id=EpisodeId(7), fingerprint=alert.fingerprint, starts_at=STARTED, facts=facts
    )
    episode = replace(episode, **own)  # type: ignore[arg-type]
    return Known(episodes={alert.fingerprint: episode}, last_post=last)


def verdicts(made: Plan) -> list[Verdict]:
    """Why anybody is left out."""
    return [left.verdict for left in made.left_out]


def test_an_alert_twice_in_a_post_is_read_once(
    alert: MakeAlert, group: MakeGroup, rules: Rules
) -> None:
    """The first of them counts; one episode cannot begin twice."""
    made = plan(group(alert(), alert()), rules, Known(), NOW)

    assert len(made.opens) == len(made.facts) == 1


def test_a_post_that_ends_others_ends_those_it_does_not_name(
    alert: MakeAlert, group: MakeGroup, rules: Rules
) -> None:
    """Grafana's legacy `ok` names no match; who heard it fire hears the end."""
    other = known_of(alert("Other"), known_fact())
    known = Known(others=tuple(other.episodes.values()))

    made = plan(replace(group(), ends_others=True), rules, known, NOW)

    assert [fact.kind for fact in made.facts] == [Kind.RESOLVED]


def test_a_page_past_the_routes_is_not_told_again_while_it_is_open(
    alert: MakeAlert, group: MakeGroup, rules: Rules
) -> None:
    """The hourly page about oversized groups, within its hour."""
    listeners = listeners_of_receiver(ReceiverName("sre"), rules)
    known = known_of(alert())

    made = plan_past_routes(
        alert(), keys_of(group(alert())), listeners, rules, known, NOW
    )

    assert (made.post, made.facts) == (Post.COPY, ())


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param({"unwanted": ["anna"]}, id="person"),
        pytest.param({"quiet_receivers": ["sre"]}, id="receiver"),
    ],
)
def test_who_wants_no_resolved_texts_is_left_out_with_the_reason(
    refusal: Mapping[str, object],
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """`history` says why no end was told."""
    known = known_of(alert(), known_fact())

    made = plan(group(alert(ends=60)), make_rules(**refusal), known, NOW)

    assert made.facts == ()
    assert verdicts(made) == [Verdict.RESOLVED_UNWANTED]


def test_an_end_keeps_a_page_that_may_have_been_heard(
    alert: MakeAlert, group: MakeGroup, rules: Rules
) -> None:
    """It waits again after an answer nobody saw: the resolved text speaks for it."""
    known = known_of(alert(), known_fact(State.WAITING, uncertain=1))

    made = plan(group(alert(ends=60)), rules, known, NOW)

    assert made.changes == ()
    assert [fact.kind for fact in made.facts] == [Kind.RESOLVED]


def test_a_copy_tells_whoever_has_no_fact_of_it(
    alert: MakeAlert, group: MakeGroup, make_rules: MakeRules
) -> None:
    """Bo came into the receiver since the page was written down."""
    people = {"anna": ("+46701740605",), "bo": ("+46701740607",)}
    known = known_of(alert(), known_fact())

    made = plan(group(alert()), make_rules(people), known, NOW)

    assert [fact.recipient for fact in made.facts] == ["bo"]
    assert verdicts(made) == [Verdict.ALREADY_TOLD]


COPIES = {
    "told": (known_fact(), Verdict.ALREADY_TOLD),
    "maybe-told": (known_fact(State.WAITING, uncertain=1), Verdict.ALREADY_TOLD),
    "waiting": (known_fact(State.WAITING), Verdict.ALREADY_WAITING),
    "in-flight": (known_fact(State.IN_FLIGHT), Verdict.ALREADY_WAITING),
    "muted": (known_fact(State.CANCELLED, reason=Reason.MUTED), Verdict.MUTED),
    "expired": (
        known_fact(State.EXPIRED, reason=Reason.TIME_TO_LIVE),
        Verdict.GIVEN_UP,
    ),
    "dead": (known_fact(State.DEAD, reason=Reason.NO_WAY_LEFT), Verdict.GIVEN_UP),
}


@pytest.mark.parametrize(("fact", "verdict"), COPIES.values(), ids=COPIES)
def test_a_copy_says_honestly_why_it_tells_nothing(
    fact: KnownFact,
    verdict: Verdict,
    alert: MakeAlert,
    group: MakeGroup,
    rules: Rules,
) -> None:
    """Nobody reads "already told" about a page that died."""
    made = plan(group(alert()), rules, known_of(alert(), fact), NOW)

    assert (made.facts, verdicts(made)) == ((), [verdict])


def test_a_repeat_reminds_whoever_heard(
    alert: MakeAlert, group: MakeGroup, rules: Rules
) -> None:
    """That it still fires, once more, after all that came before."""
    reminded = known_fact(State.CANCELLED, kind=Kind.REMINDER, round=2)
    known = known_of(alert(), known_fact(), reminded, last=REPEATS)

    (fact,) = plan(group(alert()), rules, known, NOW).facts

    assert (fact.kind, fact.round, fact.state, fact.reason) == (
        Kind.REMINDER,
        3,
        State.WAITING,
        Reason.REPEAT,
    )


def test_a_repeat_tells_whoever_never_heard(
    alert: MakeAlert, group: MakeGroup, rules: Rules
) -> None:
    """His page died: the source says it still fires, and to him it is news."""
    known = known_of(alert(), known_fact(State.DEAD), last=REPEATS)

    (fact,) = plan(group(alert()), rules, known, NOW).facts

    assert (fact.kind, fact.round, fact.state) == (Kind.FIRING, 1, State.WAITING)


def test_a_repeat_waits_for_what_is_still_to_be_told(
    alert: MakeAlert, group: MakeGroup, rules: Rules
) -> None:
    """Rule 5: n + 1 cannot exist while n waits."""
    known = known_of(alert(), known_fact(State.WAITING), last=REPEATS)

    made = plan(group(alert()), rules, known, NOW)

    assert (made.facts, verdicts(made)) == ((), [Verdict.ALREADY_WAITING])


def test_a_repeat_leaves_an_acknowledged_alert_alone(
    alert: MakeAlert, group: MakeGroup, rules: Rules
) -> None:
    """Somebody has it."""
    known = known_of(alert(), known_fact(), last=REPEATS, acknowledged=True)

    made = plan(group(alert()), rules, known, NOW)

    assert (made.facts, verdicts(made)) == ((), [Verdict.ACKNOWLEDGED])


@pytest.mark.parametrize("shut", [NIGHT, ALWAYS], ids=["at-night", "for-ever"])
def test_a_repeat_is_not_told_into_a_shut_window(
    shut: TimeInterval, alert: MakeAlert, group: MakeGroup, make_rules: MakeRules
) -> None:
    """The next repeat finds it open, or nobody is to hear at all."""
    rules = make_rules(mute=["shut"], intervals={"shut": shut})
    known = known_of(alert(), known_fact(State.DEAD), last=REPEATS)

    made = plan(group(alert()), rules, known, NOW)

    assert (made.facts, verdicts(made)) == ((), [Verdict.MUTED])


def test_a_muted_page_waits_for_the_window_and_ages_from_then(
    alert: MakeAlert, group: MakeGroup, make_rules: MakeRules
) -> None:
    """Or an hour's time to live would be over before it may leave."""
    rules = make_rules(mute=["night"], intervals={"night": NIGHT})

    (fact,) = plan(group(alert(severity="warning")), rules, Known(), NOW).facts

    assert (fact.state, fact.reason) == (State.WAITING, Reason.MUTED)
    assert (fact.held_until, fact.expires_at) == (SEVEN, SEVEN + timedelta(hours=1))


def test_a_page_whose_window_never_opens_is_held_for_a_year(
    alert: MakeAlert, group: MakeGroup, make_rules: MakeRules
) -> None:
    """The next reload may take the mute away: what was cancelled would stay silent."""
    rules = make_rules(mute=["always"], intervals={"always": ALWAYS})

    (fact,) = plan(group(alert()), rules, Known(), NOW).facts

    assert (fact.state, fact.held_until) == (State.WAITING, NOW + HORIZON)


LATER = SEVEN + timedelta(hours=1)
RELEASES = {
    "open-now": ({}, LATER, [None]),
    "opens-sooner": ({"mute": ["x"], "intervals": {"x": NIGHT}}, LATER, [SEVEN]),
    "opens-when-it-did": ({"mute": ["x"], "intervals": {"x": NIGHT}}, SEVEN, []),
    "never-opens": ({"mute": ["x"], "intervals": {"x": ALWAYS}}, LATER, []),
    "not-held": ({}, None, []),
}


@pytest.mark.parametrize(("by", "held", "released"), RELEASES.values(), ids=RELEASES)
def test_a_copy_releases_what_a_route_now_lets_through(
    by: Mapping[str, object],
    held: datetime | None,
    released: list[datetime | None],
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: MakeRules,
) -> None:
    """Another route wants it sooner; no route ever delays what another let through."""
    known = known_of(alert(), known_fact(State.WAITING, held_until=held))

    made = plan(group(alert()), make_rules(**by), known, NOW)

    assert [release.held_until for release in made.releases] == released


def test_a_critical_that_nobody_heard_rides_with_the_next_digest(
    alert: MakeAlert, group: MakeGroup, rules: Rules
) -> None:
    """It is not cancelled; anything less is."""
    critical = known_fact(State.WAITING, severity=Severity.CRITICAL)
    high = known_fact(State.WAITING, severity=Severity.HIGH)

    kept, gone = (
        plan(group(alert(ends=60)), rules, known_of(alert(), fact), NOW).changes
        for fact in (critical, high)
    )

    assert kept == ()
    assert [change.reason for change in gone] == [Reason.RESOLVED_BEFORE_TOLD]


def test_a_believed_reason_makes_one_repeat_of_two_peers(
    alert: MakeAlert, group: MakeGroup, rules: Rules
) -> None:
    """The second peer says "repeat interval elapsed" seconds after the first."""
    last = LastPost(NOW, repeated_at=NOW - timedelta(seconds=15))
    post = group(alert(), reason=PostReason.REPEAT)

    made = plan(post, rules, known_of(alert(), known_fact(), last=last), NOW)

    assert (made.post, made.facts) == (Post.COPY, ())
