"""Rule 9: another number, another provider, and people who left the config."""

from collections.abc import Callable
from datetime import datetime

from round_trip import Answer, Claim, MakeAlert, MakeGroup, Post, States

from alertbridge.core.message import Rejected
from alertbridge.core.plan import Verdict
from alertbridge.core.rules import Rules
from alertbridge.ports import Store

NO = Rejected(detail="no")
BAD = Rejected(detail="no such number", number_is_bad=True)
ONE, TWO = "+46701740605", "+46701740606"


async def test_every_way_is_tried_before_a_fact_is_dead(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """Numbers in order, then the next provider; then dead, and the admins hear."""
    rules = make_rules({"anna": [ONE, TWO]}, providers=["a", "b"])
    await post(group(alert()), by=rules)
    tried = []
    for n in range(4):
        (submission,) = await claim(n, by=rules)
        tried.append((submission.provider, submission.numbers[0]))
        await answer(submission, NO, n, by=rules)

    assert tried == [("a", ONE), ("a", TWO), ("b", ONE), ("b", TWO)]
    assert [row[::2] for row in await states()] == [
        ("DiskFull", "dead"),
        ("PageNotSent", "waiting"),
    ]


async def test_a_bad_number_is_skipped_for_a_quarter_of_an_hour(
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """The next page goes to the number that works, and later to the first again."""
    rules = make_rules({"anna": [ONE, TWO]})
    await post(group(alert()), by=rules)
    (first,) = await claim(by=rules)
    await answer(first, BAD, by=rules)
    (second,) = await claim(1, by=rules)
    await answer(second, None, 1, by=rules)
    await post(group(alert("Other", starts=60)), 60, by=rules)
    (soon,) = await claim(60, by=rules)
    await answer(soon, None, 60, by=rules)
    await post(group(alert("Third", starts=900)), 900, by=rules)
    (later,) = await claim(900, by=rules)

    assert [s.numbers[0] for s in (first, second, soon, later)] == [ONE, TWO, TWO, ONE]


async def test_one_bad_number_does_not_cost_the_others_their_page(
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """A refusal of a shared submission is asked again one by one."""
    rules = make_rules({"anna": [ONE], "bo": [TWO]})
    await post(group(alert()), by=rules)
    (shared,) = await claim(by=rules)
    await answer(shared, NO, by=rules)
    alone = await claim(1, by=rules)

    assert len(shared.messages) == 2
    assert [len(submission.messages) for submission in alone] == [1, 1]


async def test_a_removed_person_is_still_told_on_the_stored_numbers(
    post: Post,
    claim: Claim,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """A reload between the 2xx and the SMS loses nobody's page."""
    await post(group(alert()))
    (submission,) = await claim(by=make_rules({"bo": [TWO]}))

    assert submission.numbers == (ONE,)


async def test_a_changed_number_that_is_refused_comes_to_an_end(
    post: Post,
    claim: Claim,
    answer: Answer,
    states: States,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """The ways that are left are those of the config, not of the stored numbers."""
    await post(group(alert()))
    changed = make_rules({"anna": [TWO]})
    (submission,) = await claim(by=changed)
    await answer(submission, NO, by=changed)

    assert submission.numbers == (TWO,)
    assert (await states())[0][2:] == ("dead", "no_way_left")


async def test_who_was_renamed_is_not_told_again(
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
) -> None:
    """The copy of a second Alertmanager finds the same phone under another name."""
    await post(group(alert()), by=make_rules({"anna": [ONE]}))
    (first,) = await claim(by=make_rules({"anna": [ONE]}))
    await answer(first)
    renamed = make_rules({"anna-maria": [ONE]})
    recorded = await post(group(alert()), 60, by=renamed)

    assert recorded.plan.facts == ()
    assert not await claim(60, by=renamed)


async def test_who_joins_after_an_acknowledgement_is_not_woken(
    store: Store,
    post: Post,
    claim: Claim,
    answer: Answer,
    alert: MakeAlert,
    group: MakeGroup,
    make_rules: Callable[..., Rules],
    start: datetime,
) -> None:
    """Somebody has it in hand; the history says why the new one heard nothing."""
    recorded = await post(group(alert()), by=make_rules({"anna": [ONE]}))
    (first,) = await claim(by=make_rules({"anna": [ONE]}))
    await answer(first)
    await store.acknowledge(next(iter(recorded.episodes.values())), "anna", start)
    both = make_rules({"anna": [ONE], "bo": [TWO]})
    again = await post(group(alert()), 60, by=both)

    assert again.plan.facts == ()
    assert Verdict.ACKNOWLEDGED in {left.verdict for left in again.plan.left_out}
