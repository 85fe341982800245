"""Rule 8 and G1: what the source did not show is told, once, to somebody.

Alertmanager logs the alerts that `max_alerts` cuts off as notified: it never posts
them again, so whoever is not told of them now is never told.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest
from round_trip import Answer, Claim, MakeAlert, MakeGroup, MakeRules, Post

from alertbridge.core.alert import AlertGroup, Unreadable
from alertbridge.core.matcher import Matcher, Op
from alertbridge.core.message import Deferred
from alertbridge.core.recipient import ReceiverName
from alertbridge.core.route import Route
from alertbridge.core.rules import Rules
from alertbridge.core.stand_in import keys_of_post
from alertbridge.core.truncated import fingerprint_of_truncated

Told = Callable[..., Awaitable[dict[str, list[str]]]]

PEOPLE = {"anna": ("+46701740605",), "bo": ("+46701740607",)}
NOTE = "\n+4 not shown by the source"
NOTE_8 = "\n+8 not shown by the source"
STATED = "CRITICAL Truncated alerts"


@pytest.fixture
def told(claim: Claim, answer: Answer) -> Told:
    """Let everything leave that may, `at` seconds after the start; who reads what."""

    async def leave(at: float = 0, *, by: Rules | None = None) -> dict[str, list[str]]:
        texts: dict[str, list[str]] = {}
        while submissions := await claim(at, by=by):
            for submission in submissions:
                await answer(submission, None, at, by=by)
                for message in submission.messages:
                    texts.setdefault(message.recipient, []).append(submission.text.body)
        return texts

    return leave


@pytest.fixture
def two_people(make_rules: MakeRules) -> Rules:
    """Anna hears of everything but what is of the team "other", which is Bo's."""
    other = Route(
        id="0",
        receiver=ReceiverName("other"),
        matchers=(Matcher("team", Op.EQUAL, "other"),),
    )
    return make_rules(
        PEOPLE, routes=[other], receivers={"sre": ["anna"], "other": ["bo"]}
    )


@pytest.fixture
async def hidden(post: Post, alert: MakeAlert, group: MakeGroup) -> AlertGroup:
    """A post of one resolve that nobody waits for, which hides four; recorded."""
    made = group(alert("A", ends=5), truncated=4)
    await post(made, 10)
    return made


async def test_a_post_that_shows_only_unheard_resolves_still_pages(
    hidden: AlertGroup, told: Told
) -> None:
    """Four fire out of sight; without the stand-in nobody would be told."""
    what = "alerts grouped with A were cut off by alertmanager"
    assert await told(11) == {"anna": [f"{STATED}: {what}. Since 03:12{NOTE}"]}


async def test_a_text_of_the_posts_own_needs_no_stand_in(
    post: Post, told: Told, alert: MakeAlert, group: MakeGroup
) -> None:
    """One SMS says both."""
    recorded = await post(group(alert("A"), truncated=4))

    (text,) = (await told())["anna"]
    assert len(recorded.plan.opens) == 1
    assert text.endswith(NOTE)


@pytest.mark.parametrize("count", [4, 3, 1])
async def test_copies_and_a_group_that_shrinks_tell_nothing(
    count: int, hidden: AlertGroup, post: Post, told: Told
) -> None:
    """The other peer's post, a retry, and a count that falls are no news."""
    await told(11)

    await post(replace(hidden, truncated=count), 25)

    assert await told(26) == {}


async def test_a_copy_of_a_post_whose_text_told_the_count_tells_nothing(
    post: Post, told: Told, alert: MakeAlert, group: MakeGroup
) -> None:
    """The second peer posts what the first has told, hidden alerts and all."""
    made = group(alert("A"), truncated=4)
    await post(made)
    await told()

    await post(made, 15)

    assert await told(15) == {}


async def test_hidden_news_behind_visible_copies_is_told(
    post: Post, told: Told, alert: MakeAlert, group: MakeGroup
) -> None:
    """Every alert that can be seen was told long ago; the count alone grows."""
    made = group(alert("A"), truncated=4)
    await post(made)
    await told()

    await post(replace(made, truncated=8), 300)

    (text,) = (await told(300))["anna"]
    assert text.startswith(STATED)
    assert text.endswith(NOTE_8)


async def test_a_count_that_grows_again_is_told_again(
    hidden: AlertGroup, post: Post, told: Told
) -> None:
    """Even at once: eight are not the four that she was told of."""
    await told(11)

    await post(replace(hidden, truncated=8), 40)

    (text,) = (await told(40))["anna"]
    assert text.endswith(NOTE_8)


async def test_a_late_copy_does_not_make_the_next_copy_news(
    hidden: AlertGroup, post: Post, told: Told
) -> None:
    """A retry of an older post shows fewer; then the newest is posted by a peer."""
    eight = replace(hidden, truncated=8)
    await post(eight, 20)
    await told(21)
    await post(hidden, 30)

    await post(eight, 40)

    assert await told(41) == {}


async def test_a_late_copy_that_hides_nothing_does_not_make_the_next_copy_news(
    hidden: AlertGroup, post: Post, told: Told
) -> None:
    """It ends the stand-in, but whoever heard of it a minute ago still knows."""
    await told(11)
    await post(replace(hidden, truncated=0), 20)

    await post(hidden, 30)

    assert await told(31) == {}


async def test_a_late_copy_that_hides_nothing_does_not_lose_what_waits(
    hidden: AlertGroup, post: Post, told: Told
) -> None:
    """She had not been told when it was taken back: now she is."""
    await post(replace(hidden, truncated=0), 20)

    await post(hidden, 30)

    assert any(STATED in text for text in (await told(31))["anna"])


async def test_a_group_that_shrank_and_grew_is_news_after_five_minutes(
    hidden: AlertGroup, post: Post, told: Told
) -> None:
    """The four that are hidden now need not be the four of then."""
    await told(11)
    await post(replace(hidden, truncated=2), 200)

    await post(hidden, 400)

    assert any(STATED in text for text in (await told(400))["anna"])


async def test_it_ends_without_a_word(
    hidden: AlertGroup, post: Post, told: Told, alert: MakeAlert, group: MakeGroup
) -> None:
    """Nothing is hidden any more; "RESOLVED Truncated alerts" would help nobody."""
    await told(11)

    recorded = await post(group(alert("A", ends=5)), 900)

    assert len([move for move in recorded.plan.moves if move.ends_at]) == 1
    assert await told(900) == {}


async def test_what_is_hidden_anew_after_the_end_is_told_anew(
    hidden: AlertGroup, post: Post, told: Told
) -> None:
    """The next outage is not a copy of the last."""
    await told(11)
    await post(replace(hidden, truncated=0), 600)
    await post(replace(hidden, truncated=0), 900)

    await post(hidden, 1200)

    assert any(STATED in text for text in (await told(1200))["anna"])


async def test_a_count_that_grows_while_it_waits_is_one_text(
    hidden: AlertGroup, post: Post, told: Told
) -> None:
    """Rule 8: the latest value, never a sum."""
    await post(replace(hidden, truncated=8), 20)

    (text,) = (await told(21))["anna"]
    assert text.startswith(STATED)
    assert text.endswith(NOTE_8)


async def test_resolves_that_she_hears_do_not_stand_in_the_way(
    post: Post, told: Told, alert: MakeAlert, group: MakeGroup
) -> None:
    """What ends and what is hidden leave together, as what they are."""
    await post(group(alert("A"), alert("B")))
    await told()

    await post(group(alert("A", ends=60), alert("B", ends=60), truncated=4), 60)

    (text,) = (await told(60))["anna"]
    assert text.startswith("1 firing since 03:13, 2 resolved")
    assert STATED in text
    assert text.endswith(NOTE)


async def test_a_page_taken_back_before_it_left_hands_the_count_on(
    post: Post, told: Told, alert: MakeAlert, group: MakeGroup
) -> None:
    """Her text was to say it, and is cancelled; the count stands still."""
    await post(group(alert("A", severity="warning"), truncated=4))

    await post(group(alert("A", severity="warning", ends=5), truncated=4), 5)

    (text,) = (await told(5))["anna"]
    assert "Truncated alerts" in text
    assert text.endswith(NOTE)


async def test_another_page_of_the_group_that_waits_tells_the_count(
    post: Post, told: Told, alert: MakeAlert, group: MakeGroup
) -> None:
    """One of two is taken back: the other's text says it."""
    await post(group(alert("A"), alert("B"), truncated=4))

    await post(group(alert("A", ends=5), alert("B"), truncated=4), 5)

    (text,) = (await told(5))["anna"]
    assert "Truncated alerts" not in text
    assert text.endswith(NOTE)


async def test_a_resolve_that_overtakes_a_page_under_way_loses_nothing(
    post: Post,
    claim: Claim,
    answer: Answer,
    told: Told,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """The gateway is down: the page comes back, and by then it is over."""
    await post(group(alert("A", severity="warning"), truncated=4))
    (submission,) = await claim()
    await post(group(alert("A", severity="warning", ends=5), truncated=4), 5)
    await answer(submission, Deferred(detail="down"), 6)

    (text,) = (await told(60))["anna"]
    assert "Truncated alerts" in text


async def test_who_was_told_is_not_told_again_for_a_page_taken_back(
    hidden: AlertGroup, post: Post, told: Told, alert: MakeAlert, group: MakeGroup
) -> None:
    """She heard of the four; that one more alert came and went changes nothing."""
    await told(11)
    await post(group(alert("B", severity="warning"), truncated=4), 400)

    await post(group(alert("B", severity="warning", ends=405), truncated=4), 410)

    assert await told(411) == {}


async def test_a_higher_count_that_a_page_taken_back_was_to_tell_is_told(
    hidden: AlertGroup, post: Post, told: Told, alert: MakeAlert, group: MakeGroup
) -> None:
    """She was told of four; the text that was to say eight never left."""
    await told(11)
    await post(group(alert("B", severity="warning"), truncated=8), 400)

    await post(group(alert("B", severity="warning", ends=405), truncated=8), 410)

    assert any(text.endswith(NOTE_8) for text in (await told(411))["anna"])


async def test_the_first_visible_alert_says_who_hears(
    post: Post, told: Told, two_people: Rules, alert: MakeAlert, group: MakeGroup
) -> None:
    """The hidden ones are likely for the same people."""
    made = group(alert("A", ends=5, team="other"), alert("B", ends=5), truncated=4)
    await post(made, 10, by=two_people)

    assert set(await told(10, by=two_people)) == {"bo"}


async def test_with_nothing_visible_the_root_receiver_hears(
    post: Post, told: Told, group: MakeGroup
) -> None:
    """Somebody must."""
    await post(group(truncated=4))

    (text,) = (await told())["anna"]
    assert text.startswith("FIRING Truncated alerts: alerts were cut off by alert")


async def test_who_waits_to_hear_is_not_forgotten_when_others_are_to_hear(
    post: Post, told: Told, two_people: Rules, alert: MakeAlert, group: MakeGroup
) -> None:
    """The first visible alert was Anna's, and is Bo's when the count grows."""
    hers, his = alert("A", ends=5), alert("B", ends=5, team="other")
    await post(group(hers, his, truncated=4), 10, by=two_people)

    await post(group(his, truncated=8), 20, by=two_people)

    texts = await told(21, by=two_people)
    assert {who: len(got) for who, got in texts.items()} == {"anna": 1, "bo": 1}


async def test_somebody_whose_text_tells_it_leaves_the_others_to_the_stand_in(
    post: Post, told: Told, two_people: Rules, alert: MakeAlert, group: MakeGroup
) -> None:
    """Anna's own page says it; Bo, whose alert comes first, would hear nothing."""
    his, hers = alert("B", ends=5, team="other"), alert("A")
    await post(group(his, hers, truncated=4), 10, by=two_people)

    texts = await told(10, by=two_people)
    assert STATED in texts["bo"][0]
    assert STATED not in texts["anna"][0]
    assert texts["anna"][0].endswith(NOTE)


async def test_each_receiver_of_the_source_has_its_own_count(
    hidden: AlertGroup, post: Post, told: Told
) -> None:
    """Receivers share group keys, and each is cut at its own `max_alerts`."""
    await post(replace(hidden, receiver="archive", truncated=0), 20)

    (text,) = (await told(21))["anna"]
    assert text.startswith(STATED)


async def test_what_all_visible_alerts_share_is_said_of_the_hidden(
    post: Post, told: Told, alert: MakeAlert, group: MakeGroup
) -> None:
    """Two machines of one site: the site."""
    visible = [alert("A", ends=5, instance=f"db{n}", site="north") for n in range(2)]
    recorded = await post(group(*visible, truncated=4), 10)

    assert recorded.plan.opens[-1].alert.labels == {
        "alertname": "TruncatedAlerts",
        "severity": "critical",
        "site": "north",
    }


async def test_a_single_visible_alert_does_not_name_the_place(
    post: Post, told: Told, alert: MakeAlert, group: MakeGroup
) -> None:
    """With `max_alerts: 1` its machine is the one that is surely not hidden."""
    await post(group(alert("A", ends=5, instance="db1"), truncated=4), 10)

    assert "db1" not in (await told(10))["anna"][0]


async def test_truncated_and_unreadable_alerts_are_one_page(
    hidden: AlertGroup, post: Post, told: Told
) -> None:
    """The stand-in's text counts what could not be read, too."""
    await told(11)
    broken = (Unreadable("not an object", "1"),)
    await post(replace(hidden, truncated=8, unreadable=broken), 600)

    (text,) = (await told(600))["anna"]
    assert text.endswith("\n+8 not shown by the source, +1 unreadable")


async def test_a_count_that_nobody_can_read_back_is_none(
    hidden: AlertGroup, post: Post, told: Told, alert: MakeAlert, group: MakeGroup
) -> None:
    """A source that posts the stand-in's own fingerprint cannot stop a page."""
    await told(11)
    forged = replace(
        alert("TruncatedAlerts"), fingerprint=fingerprint_of_truncated(hidden)
    )
    await post(group(forged), 500)

    await post(replace(hidden, truncated=8), 510)

    assert any(text.endswith(NOTE_8) for text in (await told(511))["anna"])


def test_a_post_that_shows_everything_asks_for_nothing_more(
    alert: MakeAlert, group: MakeGroup
) -> None:
    """Intake's common case keeps its cheap statement for one alert."""
    disk = alert("A")

    assert keys_of_post(group(disk)).fingerprints == (disk.fingerprint,)
