"""G5: one unreadable alert among fifty is told, by the others' texts or by its own."""

from dataclasses import replace

import pytest
from round_trip import MakeAlert, MakeGroup, Post

from alertbridge.core.alert import AlertGroup, Unreadable
from alertbridge.core.unreadable import fingerprint_of_unreadable
from alertbridge.ports import Recorded

BROKEN = Unreadable("not an object", "1")


@pytest.fixture
def readable(alert: MakeAlert, group: MakeGroup) -> AlertGroup:
    """A post in which everything can be read."""
    return group(alert("A"))


@pytest.fixture
def broken(readable: AlertGroup) -> AlertGroup:
    """The same, with something beside it."""
    return replace(readable, unreadable=(BROKEN,))


def names(recorded: Recorded) -> list[str]:
    """Which alerts somebody is to hear of."""
    opened = {row.alert.fingerprint: row.alert for row in recorded.plan.opens}
    return [
        opened[fact.fingerprint].labels["alertname"] for fact in recorded.plan.facts
    ]


async def test_beside_news_it_is_told_by_the_text_of_the_news(
    post: Post, broken: AlertGroup
) -> None:
    """The stand-in is written down, so that the next copy has nothing to tell."""
    first = await post(broken)
    copy = await post(broken, 15)

    assert (names(first), names(copy)) == (["A"], [])


async def test_beside_copies_it_is_told_by_itself_once(
    post: Post, readable: AlertGroup, broken: AlertGroup
) -> None:
    """Nothing else of the post is news."""
    await post(readable)
    first, again = await post(broken, 60), await post(broken, 7200)

    assert names(first) == ["UnreadableAlerts"]
    assert names(again) == []


async def test_it_is_over_when_all_can_be_read_and_may_come_again(
    post: Post, readable: AlertGroup, broken: AlertGroup
) -> None:
    """Its end is told to nobody; its return is news."""
    await post(readable)
    await post(broken, 60)
    over, still_over = await post(readable, 120), await post(readable, 180)
    again = await post(broken, 7200)

    assert (names(over), len(over.plan.moves)) == ([], 1)
    assert still_over.plan.moves == ()
    assert names(again) == ["UnreadableAlerts"]


async def test_a_sources_own_stand_in_is_enough(
    post: Post, alert: MakeAlert, group: MakeGroup
) -> None:
    """Of a post that has nothing readable the source makes the alert itself."""
    nothing = group()
    own = replace(
        alert("UnreadableAlerts"), fingerprint=fingerprint_of_unreadable(nothing)
    )

    recorded = await post(replace(nothing, alerts=(own,), unreadable=(BROKEN,)))

    assert len(recorded.plan.opens) == 1


@pytest.mark.parametrize(
    ("amount", "also", "said"),
    [
        pytest.param(1, (), "1 alert beside A from alertmanager could not", id="one"),
        pytest.param(2, (), "2 alerts beside A from alertmanager could", id="two"),
        pytest.param(1, ("B",), "1 alert from alertmanager could not", id="mixed"),
    ],
)
async def test_it_says_how_many_and_beside_what(
    amount: int,
    also: tuple[str, ...],
    said: str,
    post: Post,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """A name is a hint only where all the others have it."""
    visible = group(alert("A"), *(alert(name) for name in also))
    await post(visible)

    recorded = await post(replace(visible, unreadable=(BROKEN,) * amount), 60)

    (opened,) = recorded.plan.opens
    assert opened.alert.annotations["summary"].startswith(said)
