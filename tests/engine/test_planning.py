"""What a post as a whole brings about: nobody to tell, doubles, and ends by silence."""

from collections.abc import Callable
from dataclasses import replace

from round_trip import Answer, Claim, MakeAlert, MakeGroup, Post, States

from alertbridge.core.message import Uncertain
from alertbridge.core.plan import Verdict
from alertbridge.core.rules import Rules


async def test_an_alert_that_is_nobodys_is_recorded_as_such(
    post: Post,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """`history` can say why no phone rang."""
    recorded = await post(group(alert()), by=make_rules({}))

    assert [row.verdict for row in recorded.plan.left_out] == [Verdict.NOBODY]


async def test_an_alert_twice_in_a_post_is_one(
    post: Post, states: States, alert: MakeAlert, group: MakeGroup
) -> None:
    """The first of them is read."""
    await post(group(alert(), alert()))

    assert len(await states()) == 1


async def test_a_group_that_ends_its_others_ends_what_it_does_not_name(
    post: Post, states: States, alert: MakeAlert, group: MakeGroup
) -> None:
    """Grafana's legacy `ok` names no match; what still fires is untouched."""
    await post(group(alert("A", severity="warning"), alert("B", severity="warning")))
    ends = replace(group(alert("A", severity="warning")), ends_others=True)
    await post(ends, 60)

    assert [(row[0], row[2]) for row in await states()] == [
        ("A", "waiting"),
        ("B", "cancelled"),
    ]


async def test_a_resolve_never_heard_of_makes_its_late_firing_a_copy(
    post: Post, states: States, alert: MakeAlert, group: MakeGroup
) -> None:
    """The resolve overtook the firing: nobody is woken for what is over."""
    await post(group(alert(ends=30)), 60)
    late = await post(group(alert()), 61)

    assert [row.verdict for row in late.plan.left_out] == [Verdict.LATE_COPY]
    assert not await states()


async def test_a_replaced_firing_that_waits_is_spoken_for_by_its_end(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """Maybe heard, waiting again behind the pace, and over: one resolved text."""
    for n in range(6):
        await post(group(alert(f"A{n}"), key=f"{n}"), n)
        (submission,) = await claim(n)
        await answer(submission, Uncertain(detail="no answer") if n == 5 else None, n)
    await post(group(alert("A5", ends=10), key="5"), 10)
    await claim(30)
    (told,) = await claim(700)
    await answer(told, None, 700)

    assert told.text.body.startswith("RESOLVED (late 11m) A5")
    assert [row[2] for row in await states()] == ["told"] * 7
