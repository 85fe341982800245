"""Rules 5 and 6: a repeat reminds, copies change nothing, one fact each."""

from collections.abc import Callable

import pytest
from round_trip import Answer, Claim, MakeAlert, MakeGroup, Post, States

from alertbridge.core.alert import PostReason
from alertbridge.core.message import Rejected
from alertbridge.core.plan import Post as PostKind
from alertbridge.core.plan import Verdict
from alertbridge.core.recipient import ReceiverName
from alertbridge.core.route import Route
from alertbridge.core.rules import Rules
from alertbridge.ports import Store

HOURS_4 = 4 * 3600


async def test_a_repeat_reminds_those_who_heard(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """The source says that it still fires, and nobody has taken it."""
    await post(group(alert()))
    (submission,) = await claim()
    await answer(submission)
    await post(group(alert()), HOURS_4)
    (reminder,) = await claim(HOURS_4)
    await answer(reminder, None, HOURS_4)

    assert await states() == [
        ("DiskFull", "firing", "told", "accepted"),
        ("DiskFull", "reminder", "told", "accepted"),
    ]


async def test_a_repeat_sooner_than_the_route_wants_is_recorded_only(
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """`repeat_interval` is the least time between reminders, 4 h by default."""
    await post(group(alert()))
    (submission,) = await claim()
    await answer(submission)
    hourly = [await post(group(alert()), hour * 3600) for hour in (1, 2, 3)]

    verdicts = [made.plan.left_out[0].verdict for made in hourly]
    assert verdicts == [Verdict.REMINDED_LATELY] * 3
    assert not await claim(3 * 3600)


async def test_every_repeat_of_a_source_that_is_a_little_early_reminds(
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """What a sender calls 4 h may be 10 s less here: not every second one is lost."""
    await post(group(alert()))
    (submission,) = await claim()
    await answer(submission, None, 8)
    heard = 0
    for n in (1, 2, 3):
        at = n * (HOURS_4 - 10)
        await post(group(alert()), at)
        for reminder in await claim(at):
            heard += 1
            await answer(reminder, None, at)

    assert heard == 3


async def test_an_acknowledgement_takes_back_the_reminder_that_waits(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """It would have asked for what somebody has just said."""
    recorded = await post(group(alert()))
    (submission,) = await claim()
    await answer(submission)
    await post(group(alert()), HOURS_4)
    (episode,) = recorded.episodes.values()
    await store.acknowledge(episode, "anna", submission.began_at)

    assert not await claim(HOURS_4)
    assert (await states())[-1] == (
        "DiskFull",
        "reminder",
        "cancelled",
        "acknowledged",
    )


async def test_a_repeat_is_told_to_somebody_whose_page_expired(
    post: Post, claim: Claim, alert: MakeAlert, group: MakeGroup
) -> None:
    """The source says that it still fires, and he does not know."""
    await post(group(alert(severity="warning")))
    await claim(3600)
    await post(group(alert(severity="warning")), HOURS_4)
    (submission,) = await claim(HOURS_4)

    assert [fact.kind for fact in submission.messages[0].tells] == ["firing"]


async def test_a_repeat_is_told_to_somebody_whose_page_died(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """A number that was refused for good may work four hours later."""
    await post(group(alert()))
    (submission,) = await claim()
    await answer(submission, Rejected(detail="no such number", number_is_bad=True))
    for meta in await claim(1):
        await answer(meta, None, 1)
    await post(group(alert()), HOURS_4)
    (again,) = await claim(HOURS_4)

    assert [fact.kind for fact in again.messages[0].tells] == ["firing"]


async def test_no_reminder_while_the_firing_still_waits(
    post: Post, states: States, alert: MakeAlert, group: MakeGroup
) -> None:
    """N + 1 cannot exist while n is still to be told."""
    await post(group(alert()))
    repeat = await post(group(alert()), HOURS_4)

    assert [row[1] for row in await states()] == ["firing"]
    assert repeat.plan.left_out[0].verdict is Verdict.ALREADY_WAITING


async def test_an_acknowledged_episode_is_not_repeated(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """Somebody took it; the repeat is no news to anybody."""
    recorded = await post(group(alert()))
    (submission,) = await claim()
    await answer(submission)
    (episode,) = recorded.episodes.values()
    await store.acknowledge(episode, "anna", submission.began_at)
    repeat = await post(group(alert()), HOURS_4)

    assert repeat.plan.left_out[0].verdict is Verdict.ACKNOWLEDGED
    assert len(await states()) == 1


async def test_two_peers_that_repeat_two_seconds_apart_are_one_repeat(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """With the reason given, the second peer's post is a copy."""
    await post(group(alert(), reason=PostReason.FIRST))
    (submission,) = await claim()
    await answer(submission)
    again = group(alert(), reason=PostReason.REPEAT)
    one = await post(again, HOURS_4)
    two = await post(again, HOURS_4 + 2)

    assert (one.plan.post, two.plan.post) == (PostKind.REPEAT, PostKind.COPY)
    assert [row[1] for row in await states()] == ["firing", "reminder"]


async def test_two_peers_without_a_reason_are_one_repeat(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """Without a reason, the first peer's post makes the second one's a copy."""
    await post(group(alert()))
    await post(group(alert()), 2)
    (submission,) = await claim(2)
    await answer(submission, None, 2)
    one = await post(group(alert()), HOURS_4)
    two = await post(group(alert()), HOURS_4 + 2)

    assert (one.plan.post, two.plan.post) == (PostKind.REPEAT, PostKind.COPY)


@pytest.mark.parametrize(
    ("end", "verdict"),
    [(None, Verdict.ALREADY_TOLD), ("die", Verdict.GIVEN_UP)],
    ids=["told", "dead"],
)
async def test_a_copy_changes_nothing_and_says_why_honestly(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
    end: str | None,
    verdict: Verdict,
) -> None:
    """Nobody is called told who was not."""
    await post(group(alert()))
    (submission,) = await claim()
    await answer(submission, None if end is None else Rejected(detail="no"))
    before = await states()
    copy = await post(group(alert()), 60)

    assert copy.plan.left_out[0].verdict is verdict
    assert await states() == before


async def test_two_receivers_that_name_anna_make_one_fact(
    post: Post,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """Rule 6: she hears it once, by whichever route."""
    routes = [
        Route(id="0", receiver=ReceiverName("sre"), continues=True, where="a.yaml:1"),
        Route(id="1", receiver=ReceiverName("dba"), where="a.yaml:2"),
    ]
    rules = make_rules(routes=routes, receivers={"dba": ["anna"]})
    recorded = await post(group(alert()), by=rules)

    assert len(await states()) == 1
    assert recorded.plan.facts[0].where == "a.yaml:1"


async def test_somebody_new_in_the_config_hears_what_still_fires(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """A copy is news to him who has no fact of it."""
    await post(group(alert()))
    rules = make_rules({"anna": ["+46701740605"], "bo": ["+46701740606"]})
    await post(group(alert()), 60, by=rules)

    assert await states("bo") == [("DiskFull", "firing", "waiting", "news")]
