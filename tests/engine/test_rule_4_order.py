"""Rule 4: one submission in progress per person, and what an Uncertain frees."""

from round_trip import Answer, Claim, MakeAlert, MakeGroup, Post

from alertbridge.core.message import Uncertain

LOST = Uncertain(detail="no answer")


async def test_nothing_more_leaves_while_one_is_under_way(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """The second page waits for the first one's answer, and leaves right after it."""
    await post(group(alert()))
    (first,) = await claim()
    await post(group(alert("Other", starts=1), key="2"), 1)
    meanwhile = await claim(1)
    await answer(first, None, 2)
    after = await claim(2)

    assert not meanwhile
    assert len(after) == 1


async def test_the_mailbox_is_free_for_other_alerts_meanwhile(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """One lost answer does not keep the next page waiting."""
    await post(group(alert()))
    (first,) = await claim()
    await answer(first, LOST)
    await post(group(alert("Other", starts=1)), 1)
    (second,) = await claim(1)

    assert [f.episode.labels["alertname"] for f in second.messages[0].tells] == [
        "Other"
    ]


async def test_facts_of_its_own_alerts_wait_until_it_is_settled(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """The resolve does not overtake a firing that may still land."""
    await post(group(alert()))
    (first,) = await claim()
    await answer(first, LOST)
    await post(group(alert(ends=1)), 1)

    assert not await claim(1)


async def test_one_submission_at_a_time_also_while_trying_again(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """The second try occupies the mailbox like the first."""
    await post(group(alert()))
    (first,) = await claim()
    await answer(first, LOST)
    await claim(15)
    await post(group(alert("Other", starts=16)), 16)

    assert not await claim(16)
