"""Rule 3: a send whose answer nobody saw, and a mailbox that moves on."""

from collections.abc import Awaitable, Callable

from round_trip import Answer, Claim, MakeAlert, MakeGroup, Post, States

from alertbridge.core.message import Deferred, Uncertain
from alertbridge.core.rules import Rules

LOST = Uncertain(detail="no answer")


async def test_the_same_goes_out_again_under_its_reference_after_15_seconds(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """Nothing changed: same text, same numbers, same reference."""
    await post(group(alert()))
    (first,) = await claim()
    await answer(first, LOST, 1)
    early = await claim(14.9)
    (second,) = await claim(15)

    assert not early
    assert (second.reference, second.text, second.numbers, second.attempt) == (
        first.reference,
        first.text,
        first.numbers,
        2,
    )


async def test_it_is_replaced_once_its_alert_is_over(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """Never the stale firing: one text that stands alone, and says what it replaces."""
    await post(group(alert()))
    (first,) = await claim()
    await answer(first, LOST)
    await post(group(alert(ends=10)), 10)
    (second,) = await claim(15)

    assert second.reference != first.reference
    assert second.text.body.startswith("RESOLVED Disk full")
    assert {fact.replaces for fact in second.messages[0].tells} == {
        None,
        first.messages[0].id,
    }


async def test_a_second_lost_answer_is_the_end_and_is_told_to_the_admins(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """Dead, with a meta-alert in the same commit."""
    await post(group(alert()))
    (first,) = await claim()
    await answer(first, LOST)
    (second,) = await claim(15)
    await answer(second, LOST, 16)

    assert await states() == [
        ("DiskFull", "firing", "dead", "uncertain_twice"),
        ("PageNotSent", "firing", "waiting", "news"),
    ]


async def test_a_dead_meta_alert_makes_none(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """The loop would page for ever."""
    await post(group(alert()))
    at = 0.0
    for _ in range(2):
        for _ in range(2):
            (submission,) = await claim(at)
            await answer(submission, LOST, at)
            at += 15

    assert [row[2] for row in await states()] == ["dead", "dead"]


async def test_a_try_that_surely_was_not_sent_keeps_the_reference(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """Only under its own reference can the provider say that it has the first one."""
    await post(group(alert()))
    (first,) = await claim()
    await answer(first, LOST)
    (second,) = await claim(15)
    await answer(second, Deferred(detail="busy"), 15)
    (third,) = await claim(30)

    assert (third.reference, third.attempt) == (first.reference, 3)


async def test_a_full_pace_delays_the_second_try_and_keeps_its_reference(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """The cap counts it; it waits its turn as it is."""
    references = []
    for n in range(4):
        await post(group(alert(f"A{n}", severity="warning"), key=f"{n}"), n)
        (submission,) = await claim(n)
        await answer(submission, LOST if n == 3 else None, n)
        references.append(submission.reference)
    early = await claim(20)
    (second,) = await claim(600)

    assert not early
    assert (second.reference, second.attempt) == (references[3], 2)


async def test_a_provider_that_left_the_config_does_not_keep_its_pages(
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """Nobody could try again there: composed anew for the one that is left."""
    await post(group(alert()))
    (first,) = await claim()
    await answer(first, LOST)
    (second,) = await claim(15, by=make_rules(providers=["two"]))

    assert (second.provider, second.attempt) == ("two", 1)


async def test_a_late_acceptance_of_a_replaced_message_settles_its_facts_only(
    store_restart: Callable[[float], Awaitable[int]],
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """What it told is told; what was composed beside it is not."""
    await post(group(alert()))
    (first,) = await claim()
    await store_restart(1)
    await post(group(alert(ends=2)), 2)
    await post(group(alert("Other", starts=2), key="other"), 2)
    (second,) = await claim(2)
    await answer(second, Deferred(detail="busy"), 3)
    (replacing,) = await claim(20)
    await answer(replacing, Deferred(detail="busy"), 20)
    ours = await answer(first, None, 21)

    assert not ours
    assert [(row[0], row[1], row[2]) for row in await states()] == [
        ("DiskFull", "firing", "told"),
        ("DiskFull", "resolved", "waiting"),
        ("Other", "firing", "waiting"),
    ]
