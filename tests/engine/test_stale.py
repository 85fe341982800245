"""An alert whose source falls silent about it: stale, which is not over."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from round_trip import Answer, Claim, MakeAlert, MakeGroup, Post, States

from alertbridge.ports import EpisodeRow, Recorded, Store

DAY = 86_400
STALE_AFTER = timedelta(days=2)


@pytest.fixture
def silence(store: Store, start: datetime) -> Callable[[float], Awaitable[int]]:
    """Look for stale alerts, `at` seconds after the start."""

    async def look(at: float) -> int:
        now = start + timedelta(seconds=at)
        return await store.mark_stale(now - STALE_AFTER, now)

    return look


@pytest.fixture
def only(store: Store, post: Post) -> Callable[[Recorded], Awaitable[EpisodeRow]]:
    """Read the one episode of a post."""

    async def read(recorded: Recorded) -> EpisodeRow:
        (episode,) = recorded.episodes.values()
        row = await store.show(episode)
        assert row is not None
        return row

    return read


async def test_what_no_post_names_for_two_days_is_stale_and_nobody_hears(
    post: Post,
    claim: Claim,
    answer: Answer,
    silence: Callable[[float], Awaitable[int]],
    only: Callable[[Recorded], Awaitable[EpisodeRow]],
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """It is not resolved: nobody knows that it is."""
    recorded = await post(group(alert()))
    (submission,) = await claim()
    await answer(submission)

    assert await silence(2 * DAY - 1) == 0
    assert await silence(2 * DAY + 1) == 1
    row = await only(recorded)
    assert (row.ends_at, row.stale_at is None) == (None, False)
    assert not await claim(2 * DAY + 1)
    assert [state[1] for state in await states()] == ["firing"]


async def test_repeats_keep_it_fresh(
    post: Post,
    silence: Callable[[float], Awaitable[int]],
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """A source that repeats every 4 h is not silent."""
    for hour in range(0, 72, 4):
        await post(group(alert()), hour * 3600)

    assert await silence(3 * DAY) == 0


async def test_the_next_post_makes_it_fresh_again(
    post: Post,
    silence: Callable[[float], Awaitable[int]],
    only: Callable[[Recorded], Awaitable[EpisodeRow]],
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """The source has come back, and it still fires: the same episode."""
    await post(group(alert()))
    await silence(3 * DAY)
    recorded = await post(group(alert()), 3 * DAY + 60)

    assert (await only(recorded)).stale_at is None
    assert recorded.plan.opens == ()


async def test_its_end_is_told_though_it_was_stale(
    post: Post,
    claim: Claim,
    answer: Answer,
    silence: Callable[[float], Awaitable[int]],
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """Whoever heard it fire hears that it is over, however late."""
    await post(group(alert()))
    (submission,) = await claim()
    await answer(submission)
    await silence(3 * DAY)
    await post(group(alert(ends=3 * DAY)), 3 * DAY)

    (end,) = await claim(3 * DAY)
    assert end.text.body.startswith("RESOLVED")


async def test_what_has_been_stale_for_the_retention_is_deleted(
    store: Store,
    start: datetime,
    post: Post,
    claim: Claim,
    answer: Answer,
    silence: Callable[[float], Awaitable[int]],
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """A failed unit's page is never resolved: without this it would stay for ever."""
    recorded = await post(group(alert()))
    (submission,) = await claim()
    await answer(submission)
    await silence(3 * DAY)
    before = start + timedelta(days=90)

    assert await store.prune(start) == 0
    assert await store.prune(before) == 1
    (episode,) = recorded.episodes.values()
    assert await store.show(episode) is None
