"""Rule 10: a time interval holds, and the window tells what still fires."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from round_trip import Answer, Claim, MakeAlert, MakeGroup, Post, States

from alertbridge.core.audience import held_until
from alertbridge.core.interval import HORIZON, TimeInterval
from alertbridge.core.plan import Verdict
from alertbridge.core.recipient import ReceiverName
from alertbridge.core.route import Route
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity

NIGHT = TimeInterval(times=((22 * 60, 7 * 60),))
MORNING = (7 * 60 - (3 * 60 + 12)) * 60
"""Seconds from the start of a test, 03:12, to the end of the night, 07:00."""


@pytest.fixture
def rules(make_rules: Callable[..., Rules]) -> Rules:
    """Anna, whose route is silent at night."""
    return make_rules(mute=["night"], intervals={"night": NIGHT})


async def test_a_muted_page_is_held_until_the_window_opens(
    post: Post, claim: Claim, alert: MakeAlert, group: MakeGroup
) -> None:
    """It leaves at seven, though it is older than a page may be."""
    await post(group(alert(severity="warning")))
    at_night = await claim(MORNING - 1)
    (submission,) = await claim(MORNING)

    assert not at_night
    assert "Disk full" in submission.text.body


async def test_what_is_over_by_then_is_not_told(
    post: Post, claim: Claim, states: States, alert: MakeAlert, group: MakeGroup
) -> None:
    """Told when the window opens only if it still fires; critical is no exception."""
    await post(group(alert()))
    await post(group(alert(ends=60)), 60)

    assert not await claim(MORNING)
    assert (await states())[0][2:] == ("cancelled", "resolved_before_told")


async def test_a_resolved_text_waits_for_the_window_too(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """Good news least of all wakes somebody whose window is shut."""
    evening = 18 * 3600
    await post(group(alert(starts=evening)), evening)
    (submission,) = await claim(evening)
    await answer(submission, None, evening)
    night = 24 * 3600
    await post(group(alert(starts=evening, ends=night)), night)
    asleep = await claim(night)
    (told,) = await claim(night + MORNING)

    assert not asleep
    assert told.text.body.startswith("RESOLVED")


async def test_an_unmuted_route_releases_what_another_one_holds(
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """The person hears by the rule that tells first."""
    await post(group(alert()))
    await post(group(alert()), 60, by=make_rules())
    released = await claim(60)

    assert len(released) == 1


async def test_the_route_that_speaks_is_chosen_before_the_one_that_holds(
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """Two routes in one post: the open one tells, whatever the order."""
    routes = [
        Route(id="0", receiver=ReceiverName("sre"), continues=True, mute=("night",)),
        Route(id="1", receiver=ReceiverName("sre")),
    ]
    both = make_rules(routes=routes, intervals={"night": NIGHT})
    await post(group(alert()), by=both)

    assert len(await claim(by=both)) == 1


async def test_a_muted_route_still_ends_matching(
    post: Post,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """Its alerts do not fall through to the next sibling."""
    routes = [
        Route(id="0", receiver=ReceiverName("sre"), mute=("night",)),
        Route(id="1", receiver=ReceiverName("dba")),
    ]
    people = {"anna": ["+46701740605"], "bo": ["+46701740606"]}
    named = {"sre": ["anna"], "dba": ["bo"]}
    tree = make_rules(
        people, routes=routes, receivers=named, intervals={"night": NIGHT}
    )
    await post(group(alert()), by=tree)

    assert not await states("bo")


async def test_a_window_that_never_opens_holds_until_somebody_opens_it(
    post: Post,
    claim: Claim,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """It waits as muted; the copy that finds the route open lets it go."""
    never = make_rules(mute=["always"], intervals={"always": TimeInterval()})
    await post(group(alert()), by=never)
    held = await states()
    early = await claim(60, by=never)
    await post(group(alert()), 120, by=make_rules())

    assert held == [("DiskFull", "firing", "waiting", "muted")]
    assert not early
    assert len(await claim(120, by=make_rules())) == 1


async def test_a_muted_repeat_is_left_out(
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """A repeat waits for no window: the next one comes by itself."""
    await post(group(alert()), by=make_rules())
    (submission,) = await claim()
    await answer(submission)
    repeat = await post(group(alert()), 1800)

    assert repeat.plan.left_out[0].verdict is Verdict.MUTED


def test_names_that_left_the_config_hold_nothing(rules: Rules, start: datetime) -> None:
    """A reload that drops an interval lets its pages go."""
    assert held_until(["gone"], [], rules, start) is None


def test_intervals_that_never_open_hold_for_a_year(
    make_rules: Callable[..., Rules], start: datetime
) -> None:
    """A reload that mutes a route for ever does not let its pages out."""
    rules = make_rules(intervals={"always": TimeInterval()})

    assert held_until(["always"], [], rules, start) == start + HORIZON


def test_a_night_ends_at_seven(rules: Rules, start: datetime) -> None:
    """Held until the first instant the intervals allow."""
    expected = start + timedelta(seconds=MORNING)

    assert held_until(["night"], [], rules, start) == expected


async def test_of_two_routes_that_hold_the_sooner_one_tells(
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """The person hears at the first window that opens."""
    routes = [
        Route(id="0", receiver=ReceiverName("sre"), continues=True, mute=("night",)),
        Route(id="1", receiver=ReceiverName("sre"), mute=("early",)),
    ]
    early = TimeInterval(times=((22 * 60, 6 * 60),))
    rules = make_rules(routes=routes, intervals={"night": NIGHT, "early": early})
    await post(group(alert()), by=rules)

    assert not await claim(MORNING - 3601, by=rules)
    assert len(await claim(MORNING - 3600, by=rules)) == 1


@pytest.mark.parametrize(
    ("least", "texts"), [(Severity.CRITICAL, 1), (None, 0)], ids=str
)
async def test_what_stands_for_a_page_breaks_through_as_it_did(
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
    least: Severity | None,
    texts: int,
) -> None:
    """The critical page that was to tell of hidden alerts is over before it left."""
    receiver = ReceiverName("sre")
    route = Route(id="0", receiver=receiver, mute=("night",), breaks_through=least)
    rules = make_rules(routes=[route], intervals={"night": NIGHT})
    await post(group(alert(), truncated=4), by=rules)
    await post(group(alert(ends=60), truncated=4), 60, by=rules)

    assert len(await claim(60, by=rules)) == texts
