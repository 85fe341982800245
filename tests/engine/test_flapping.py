"""An alert that comes and goes: told once as flapping, then when it has settled."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from round_trip import Answer, Claim, MakeAlert, MakeGroup, Post, States

from alertbridge.core.flapping import NEVER
from alertbridge.core.message import Uncertain
from alertbridge.core.plan import Verdict
from alertbridge.core.rules import Rules
from alertbridge.ports import Store

Flap = Callable[..., Awaitable[list[str]]]


@pytest.fixture
def leave(claim: Claim, answer: Answer) -> Callable[..., Awaitable[list[str]]]:
    """Let leave what may, `at` seconds after the start; say the texts."""

    async def take(at: float, by: Rules | None = None) -> list[str]:
        texts: list[str] = []
        for submission in await claim(at, by=by):
            texts.append(submission.text.body)
            await answer(submission, None, at)
        return texts

    return take


@pytest.fixture
def flap(post: Post, leave: Flap, alert: MakeAlert, group: MakeGroup) -> Flap:
    """Fire and resolve so many times, 200 s apart; every post is looked at at once."""

    async def run(
        times: int, *, begin: int = 0, last_fires: bool = False, by: Rules | None = None
    ) -> list[str]:
        texts: list[str] = []
        for n in range(times):
            starts = begin + n * 400
            await post(group(alert(starts=starts)), starts, by=by)
            texts += await leave(starts, by)
            if last_fires and n == times - 1:
                break
            await post(group(alert(starts=starts, ends=starts + 200)), starts + 200)
            texts += await leave(starts + 200, by)
        return texts

    return run


async def test_the_third_firing_is_told_as_flapping_and_then_nothing(
    flap: Flap,
) -> None:
    """An hour of firing and ending every few minutes: five texts in all."""
    texts = await flap(9)

    assert ["RESOLVED" in text for text in texts] == [False, True, False, True, False]


async def test_when_it_has_settled_those_who_heard_are_told_that_it_is_over(
    flap: Flap, leave: Flap, states: States
) -> None:
    """Once, a quarter of an hour after the last end; until then it is held."""
    await flap(5)
    over = 4 * 400 + 200

    assert await leave(over + 14 * 60) == []
    (text,) = await leave(over + 15 * 60)
    assert text.startswith("RESOLVED")
    assert [row[1:3] for row in await states()][-2:] == [
        ("resolved", "cancelled"),
        ("resolved", "told"),
    ]


async def test_when_it_settles_firing_nothing_more_is_said(
    flap: Flap, leave: Flap
) -> None:
    """They were told that it fires, and it does."""
    await flap(5, last_fires=True)

    assert await leave(4 * 400 + 3600) == []


async def test_its_end_after_it_has_settled_is_told_at_once(
    flap: Flap, post: Post, leave: Flap, alert: MakeAlert, group: MakeGroup
) -> None:
    """It fired steadily for an hour: the end is an end."""
    await flap(5, last_fires=True)
    began, ends = 4 * 400, 4 * 400 + 3600
    await post(group(alert(starts=began, ends=ends)), ends)

    (text,) = await leave(ends)
    assert text.startswith("RESOLVED")


async def test_after_it_has_settled_it_is_news_again(
    flap: Flap, leave: Flap, post: Post, alert: MakeAlert, group: MakeGroup
) -> None:
    """The next firing opens an episode, and is told as any other."""
    await flap(5)
    later = 3 * 3600
    await leave(later)
    await post(group(alert(starts=later)), later)

    (text,) = await leave(later)
    assert "flapping" not in text


async def test_who_believes_that_it_is_over_hears_that_it_fires(
    flap: Flap,
    leave: Flap,
    claim: Claim,
    answer: Answer,
    post: Post,
    alert: MakeAlert,
    group: MakeGroup,
    store: Store,
) -> None:
    """An end whose send was uncertain may have been read: the next firing is told."""
    await flap(3)
    over = 2 * 400 + 200
    settled = over + 15 * 60
    (end,) = await claim(settled)
    again = settled - 1
    # The post of the new firing was recorded while the end was under way.
    await post(group(alert(starts=again)), again)
    await answer(end, Uncertain(detail="no answer"), settled)

    texts = await leave(settled + 60)
    assert [text.startswith("RESOLVED") for text in texts] == [False]


async def test_a_late_copy_of_an_earlier_end_does_not_end_it(
    flap: Flap, post: Post, states: States, alert: MakeAlert, group: MakeGroup
) -> None:
    """A peer's resolve of the second firing comes while the fourth lasts."""
    await flap(4, last_fires=True)
    before = await states()
    copy = await post(group(alert(starts=400, ends=600)), 3 * 400 + 30)

    assert copy.plan.left_out[0].verdict is Verdict.LATE_COPY
    assert await states() == before


async def test_two_peers_count_one_firing_once(
    post: Post, leave: Flap, alert: MakeAlert, group: MakeGroup
) -> None:
    """Copies are no changes: two firings of which each came twice do not flap."""
    texts: list[str] = []
    for starts in (0, 400):
        for peer in (0, 2):
            await post(group(alert(starts=starts)), starts + peer)
        texts += await leave(starts + 2)
        for peer in (0, 2):
            ends = starts + 200
            await post(group(alert(starts=starts, ends=ends)), ends + peer)
        texts += await leave(starts + 202)

    assert len(texts) == 4


async def test_somebody_new_hears_of_it_while_it_flaps(
    flap: Flap,
    post: Post,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """Silence is for those who know."""
    await flap(4)
    rules = make_rules({"anna": ["+46701740605"], "bo": ["+46701740606"]})
    await post(group(alert(starts=1700)), 1700, by=rules)

    assert [row[1:3] for row in await states("bo")] == [("firing", "waiting")]


async def test_without_the_rule_every_change_is_told(flap: Flap, rules: Rules) -> None:
    """`flapping: null`."""
    assert len(await flap(3, by=replace(rules, flapping=NEVER))) == 6
