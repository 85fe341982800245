"""A warning that becomes critical is told as worse to those who heard the warning."""

import pytest
from round_trip import Answer, Claim, MakeAlert, MakeGroup, Post

from alertbridge.core.alert import AlertGroup


async def worse_after(
    first: AlertGroup, second: AlertGroup, post: Post, claim: Claim, answer: Answer
) -> bool:
    """Tell the first post, and say whether the second is told as worse."""
    await post(first)
    for submission in await claim():
        await answer(submission)
    await post(second, 300)
    (submission,) = await claim(300)
    (fact, *_) = submission.messages[0].tells
    return fact.worse


async def test_the_same_alert_at_a_higher_severity_is_worse(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """All labels are equal but for how bad it is."""
    warning = group(alert(severity="warning", instance="db1"))
    critical = group(alert(severity="critical", instance="db1", starts=300))

    assert await worse_after(warning, critical, post, claim, answer)


async def test_another_machine_is_not(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """A warning about db1 makes a critical about db2 no worse."""
    warning = group(alert(severity="warning", instance="db1"))
    critical = group(alert(severity="critical", instance="db2", starts=300))

    assert not await worse_after(warning, critical, post, claim, answer)


async def test_the_other_way_round_is_not(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """A warning beside a critical is news, and not worse."""
    critical = group(alert(severity="critical", instance="db1"))
    warning = group(alert(severity="warning", instance="db1", starts=300))

    assert not await worse_after(critical, warning, post, claim, answer)


async def test_a_warning_that_is_over_makes_nothing_worse(
    post: Post, claim: Claim, answer: Answer, alert: MakeAlert, group: MakeGroup
) -> None:
    """What ended is not what this became."""
    ended = group(alert(severity="warning", instance="db1", ends=10))
    critical = group(alert(severity="critical", instance="db1", starts=300))
    await post(group(alert(severity="warning", instance="db1")))
    for submission in await claim():
        await answer(submission)
    await post(ended, 10)
    await post(critical, 300)
    (submission,) = await claim(300)

    assert not any(fact.worse for fact in submission.messages[0].tells)


@pytest.mark.parametrize("over", ["warning", "critical"])
async def test_one_of_two_that_is_over_is_told_apart_from_the_other(
    over: str,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """`RESOLVED Disk full db1` would put somebody to sleep whose critical fires."""
    both = ("warning", "critical")
    await post(group(*(alert(severity=one, instance="db1") for one in both)))
    for submission in await claim():
        await answer(submission)
    await post(group(alert(severity="warning", instance="db1")), 60)
    await post(group(alert(severity=over, instance="db1", ends=120)), 120)

    (submission,) = await claim(120)

    assert submission.text.body.startswith(f"RESOLVED {over} ")
