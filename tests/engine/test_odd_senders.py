"""Senders that grow a group, forget what they said, or do not know what time it is."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from round_trip import Answer, Claim, MakeAlert, MakeGroup, Post, States

from alertbridge.core.alert import Alert, AlertGroup
from alertbridge.core.message import Accepted

DAY = 24 * 3600


async def test_of_a_group_that_grows_only_the_new_alert_is_told(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """Five are known; the sixth is one SMS, about itself alone (A6)."""
    five = [alert(f"Alert{number}") for number in range(5)]
    await post(group(*five))
    (first,) = await claim()
    await answer(first)

    await post(group(*five, alert("Sixth", starts=300)), 300)

    (second,) = await claim(300)
    ((fact,),) = (message.tells for message in second.messages)
    assert fact.episode.labels["alertname"] == "Sixth"
    await answer(second, None, 300)
    assert not await claim(600)


async def test_five_hundred_groups_replayed_ring_nobody(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """An Alertmanager that lost its log posts all of it again (A22)."""

    def groups() -> list[AlertGroup]:
        return [
            group(alert(f"Alert{number}"), key=f"{{}}:{number}")
            for number in range(500)
        ]

    for one in groups():
        await post(one)
    (first,) = await claim()
    await answer(first)

    for one in groups():
        await post(one, 600)

    assert not await claim(600)


@pytest.mark.parametrize(
    "off", [pytest.param(-DAY, id="a-day-behind"), pytest.param(DAY, id="a-day-ahead")]
)
async def test_a_senders_clock_decides_neither_whether_nor_when(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: Callable[..., Alert],
    group: MakeGroup,
    off: int,
) -> None:
    """Its times identify a firing; ours say how old a page is (A21)."""
    await post(group(alert(severity="high", starts=off)))
    (page,) = await claim()
    await answer(page, Accepted())
    await post(group(alert(severity="high", starts=off)), 60)
    copies = await claim(60)
    await post(group(alert(severity="high", starts=off, ends=off + 120)), 120)
    (end,) = await claim(120)
    await answer(end, Accepted(), 120)

    assert not copies
    assert page.closes_at - page.began_at > timedelta(minutes=30)
    assert [row[1:3] for row in await states()] == [
        ("firing", "told"),
        ("resolved", "told"),
    ]


async def test_one_provider_id_for_two_messages_loses_neither(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """An id is somebody else's word: opaque, and not believed to be unique (C18)."""
    for number in range(2):
        at = number * 60.0
        await post(group(alert(f"Alert{number}"), key=f"{{}}:{number}"), at)
        (submission,) = await claim(at)
        await answer(submission, Accepted(provider_id="the-same"), at)

    assert [row[2] for row in await states()] == ["told", "told"]
