"""What follows the end of an accepted message: another way, somebody else, or death."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from round_trip import MakeRules

from alertbridge.core.alert import OURSELVES
from alertbridge.core.ended import Delivered, Ended, Missed
from alertbridge.core.failover import MOST_SENDS, end_of
from alertbridge.core.message import Message
from alertbridge.core.next_people import next_people
from alertbridge.core.notification import (
    Fact,
    Kind,
    MessageId,
    NotificationId,
    ProviderName,
    Reason,
    Way,
)
from alertbridge.core.recipient import Msisdn, ReceiverName, RecipientName
from alertbridge.core.report import Blame, Delivery, DeliveryReport
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity
from alertbridge.core.way import choose_way, ways_of

MakeFact = Callable[..., Fact]
FIRST, SECOND, ABROAD = (
    Msisdn(number) for number in ("+46701740605", "+46701740606", "+46701740699")
)
ONE, TWO = ProviderName("one"), ProviderName("two")
ANNA, BO, ADMIN = (RecipientName(name) for name in ("anna", "bo", "admin"))
NOW = datetime(2026, 3, 14, 3, 20, tzinfo=UTC)
TAKEN = Way(FIRST, ONE)


@pytest.fixture
def people(make_rules: MakeRules) -> Rules:
    """Anna with two phones, two providers, an admin, and Bo to fall back on."""
    made = make_rules(
        {"anna": [FIRST, SECOND], "bo": ["+46701740607"], "admin": ["+46701740608"]},
        receivers={"sre": ["anna"], "next": ["bo"], "admins": ["admin"]},
        providers=("one", "two"),
    )
    sre = replace(made.receivers[ReceiverName("sre")], fallback=ReceiverName("next"))
    return replace(
        made,
        receivers={**made.receivers, ReceiverName("sre"): sre},
        meta_receiver=ReceiverName("admins"),
    )


def report(
    delivery: Delivery, *, final: bool = True, blames: Blame | None = None
) -> DeliveryReport:
    """What is known of the message."""
    return DeliveryReport(
        provider_id="x",
        reference="ref-1",
        number=FIRST,
        delivery=delivery,
        final=final,
        code="599",
        at=None,
        blames=blames,
    )


FAILED = report(Delivery.FAILED)


def end(
    rules: Rules, *facts: Fact, known: DeliveryReport | None, by: Way = TAKEN
) -> Ended:
    """Ask about a message to Anna that tells these facts."""
    message = Message(id=MessageId(1), recipient=ANNA, number=by.number, tells=facts)
    return end_of(message, by.provider, known, rules, NOW)


def missed(
    rules: Rules, *facts: Fact, known: DeliveryReport | None = FAILED, by: Way = TAKEN
) -> Missed:
    """What follows if it did not arrive."""
    ended = end(rules, *facts, known=known, by=by)
    assert isinstance(ended, Missed)
    return ended


def causes(ended: Missed) -> list[str]:
    """What the admins hear of."""
    own = [] if ended.trouble is None else [ended.trouble.cause.name]
    return [*(str(plan.keys.group_key) for plan in ended.meta), *own]


def test_delivered_ends_it(people: Rules, fact: MakeFact) -> None:
    """Nothing else is to be done, whatever it tells."""
    known = report(Delivery.DELIVERED)

    assert end(people, fact(), known=known) == Delivered()


@pytest.mark.parametrize("known", [FAILED, report(Delivery.EXPIRED)])
def test_a_failure_takes_the_next_way(
    people: Rules, fact: MakeFact, known: DeliveryReport
) -> None:
    """It did not ring, so it counts in nobody's pace; the way is not tried again."""
    ended = missed(people, fact(), known=known)

    assert (ended.onward, ended.dead) == ((NotificationId(1),), ())
    assert (ended.reason, ended.sure, ended.refused) == (
        Reason.UNDELIVERED,
        True,
        TAKEN,
    )
    assert causes(ended) == []


@pytest.mark.parametrize(
    "known",
    [None, report(Delivery.PENDING, final=False), report(Delivery.FAILED, final=False)],
    ids=["nothing", "pending", "may pass"],
)
def test_silence_takes_the_next_way_and_may_have_rung(
    people: Rules, fact: MakeFact, known: DeliveryReport | None
) -> None:
    """A second SMS is the price; it counts, and the provider is doubted."""
    ended = missed(people, fact(), known=known)

    assert ended.onward == (NotificationId(1),)
    assert (ended.reason, ended.sure) == (Reason.UNCONFIRMED, False)


def test_after_the_last_way_it_is_dead_the_admins_hear_and_somebody_else_does(
    people: Rules, fact: MakeFact
) -> None:
    """All four ways: three were refused, this is the fourth."""
    tried = ways_of([FIRST, SECOND], [ONE, TWO])[1:]
    ended = missed(people, fact(tried=tried, receiver="sre"))

    assert ended.dead == (NotificationId(1),)
    assert causes(ended) == ["PageNotSent"]
    assert [person.recipient for person in ended.next_people] == [BO]


def test_silence_on_the_last_way_is_no_death(people: Rules, fact: MakeFact) -> None:
    """It was taken, and may be on the phone: it stays told, and the admins hear."""
    tried = ways_of([FIRST, SECOND], [ONE, TWO])[1:]
    ended = missed(people, fact(tried=tried, receiver="sre"), known=None)

    assert (ended.onward, ended.dead, ended.next_people) == ((), (), ())
    assert causes(ended) == ["PageUnconfirmed"]


def test_only_a_critical_wakes_the_admins_for_silence(
    people: Rules, fact: MakeFact
) -> None:
    """What is not critical is not worth a night."""
    tried = ways_of([FIRST, SECOND], [ONE, TWO])[1:]
    ended = missed(people, fact(tried=tried, severity=Severity.HIGH), known=None)

    assert causes(ended) == []


def test_the_admins_do_not_hear_of_their_own_silence(
    people: Rules, fact: MakeFact
) -> None:
    """That text would go the way of the first."""
    rules = replace(people, meta_receiver=ReceiverName("sre"))
    tried = ways_of([FIRST, SECOND], [ONE, TWO])[1:]

    assert causes(missed(rules, fact(tried=tried), known=None)) == []


@pytest.mark.parametrize("severity", Severity)
def test_a_fact_is_sent_so_often_and_no_more(
    people: Rules, fact: MakeFact, severity: Severity
) -> None:
    """However many phones and providers there are."""
    most = MOST_SENDS[severity]

    assert missed(people, fact(severity=severity, fail_overs=most - 2)).onward
    assert missed(people, fact(severity=severity, fail_overs=most - 1)).dead
    assert missed(people, fact(severity=severity, uncertain=most - 1)).dead


def test_a_page_that_somebody_took_goes_nowhere(people: Rules, fact: MakeFact) -> None:
    """It is in a human's hands: no second SMS, no death, nobody else is woken."""
    ended = missed(people, fact(acknowledged=True))

    assert (ended.onward, ended.dead, ended.meta, ended.next_people) == ((), (), (), ())


def test_what_is_over_is_not_dead(people: Rules, fact: MakeFact) -> None:
    """Where a way is left the mailbox sorts out whether it is still worth a word."""
    tried = ways_of([FIRST, SECOND], [ONE, TWO])[1:]
    over = fact(ends=NOW)

    assert missed(people, over).onward
    assert missed(people, replace(over, tried=tried)).dead == ()


def test_what_is_too_old_to_tell_is_not_dead(people: Rules, fact: MakeFact) -> None:
    """A phone that was off for an hour missed what was worth telling for one."""
    tried = ways_of([FIRST, SECOND], [ONE, TWO])[1:]
    old = fact(tried=tried, expires=NOW, severity=Severity.LOW)
    ended = missed(people, old, fact(id=2, expires=NOW))

    assert (ended.onward, ended.dead, ended.meta) == ((), (), ())


def test_each_fact_of_a_text_goes_its_own_way(people: Rules, fact: MakeFact) -> None:
    """One has ways left, one has none, one is taken."""
    tried = ways_of([FIRST, SECOND], [ONE, TWO])[1:]
    facts = (
        fact(id=1),
        fact(id=2, tried=tried),
        fact(id=3, acknowledged=True),
    )
    ended = missed(people, *facts)

    assert (ended.onward, ended.dead) == ((NotificationId(1),), (NotificationId(2),))


def test_a_number_that_is_to_blame_is_skipped(people: Rules, fact: MakeFact) -> None:
    """For a quarter of an hour, by every provider; an account is not a number."""
    number = missed(people, fact(), known=report(Delivery.FAILED, blames=Blame.NUMBER))
    account = missed(
        people, fact(), known=report(Delivery.FAILED, blames=Blame.ACCOUNT)
    )

    assert number.skip_number_until == NOW + timedelta(minutes=15)
    assert account.skip_number_until is None


# Who hears instead


def test_nobody_hears_instead_of_himself(people: Rules, fact: MakeFact) -> None:
    """A fallback that names the same person, or the same phone, is no other."""
    sre = people.receivers[ReceiverName("sre")]
    rules = replace(
        people,
        receivers={
            **people.receivers,
            ReceiverName("sre"): replace(sre, fallback=ReceiverName("sre")),
        },
    )

    assert next_people([fact(receiver="sre")], ANNA, rules, NOW) == ()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"kind": Kind.RESOLVED}, id="good news"),
        pytest.param({"acknowledged": True}, id="taken"),
        pytest.param({"receiver": "next"}, id="no fallback"),
        pytest.param({"receiver": "gone"}, id="a receiver that is gone"),
        pytest.param({"receiver": ""}, id="a test page"),
    ],
)
def test_nobody_is_woken_for_what_needs_nobody(
    people: Rules, fact: MakeFact, change: dict[str, object]
) -> None:
    """Somebody else hears only what fires, untaken, and where the config says who."""
    dead = fact(**{"receiver": "sre", **change})

    assert next_people([dead], ANNA, people, NOW) == ()


def test_a_page_about_ourselves_goes_to_nobody_else(
    people: Rules, fact: MakeFact
) -> None:
    """The admins are who hears of it."""
    own = fact(receiver="sre")
    own = replace(own, episode=replace(own.episode, source=OURSELVES))

    assert next_people([own], ANNA, people, NOW) == ()


# Countries


COUNTRIES = {ONE: ("+46",), TWO: ("+47", "+45")}


def test_a_number_is_tried_by_those_that_serve_its_country() -> None:
    """In the order of the config; one that lists none serves all."""
    there = Msisdn("+46701740605")

    assert ways_of([there], [TWO, ONE], COUNTRIES) == (Way(there, ONE),)
    assert ways_of([there], [TWO, ONE], {TWO: ("+47",)}) == (Way(there, ONE),)


def test_a_number_that_nobody_serves_is_tried_by_all() -> None:
    """Silence would be worse than a refusal."""
    assert ways_of([ABROAD], [ONE, TWO], {ONE: ("+1",), TWO: ("+47",)}) == (
        Way(ABROAD, ONE),
        Way(ABROAD, TWO),
    )


def test_a_doubted_provider_comes_after_the_others(fact: MakeFact) -> None:
    """After silence the other gateway is tried before the same one's next number."""
    doubtful = fact(tried=(TAKEN,), doubted=ONE)
    way = choose_way([doubtful], ways_of([FIRST, SECOND], [ONE, TWO]), frozenset())

    assert way == Way(FIRST, TWO)


def test_a_dead_page_that_may_have_rung_says_so(people: Rules, fact: MakeFact) -> None:
    """The first way was silent, the last one failed: nobody knows that it did not."""
    tried = ways_of([FIRST, SECOND], [ONE, TWO])[1:]
    sure = missed(people, fact(tried=tried))
    maybe = missed(people, replace(fact(tried=tried), unconfirmed=1))

    said = [one.meta[0].opens[0].alert.annotations["summary"] for one in (sure, maybe)]
    assert "was not told of" in said[0]
    assert "may not have been told of" in said[1]


def test_that_it_is_over_is_not_dead_when_it_fires_again(
    people: Rules, fact: MakeFact
) -> None:
    """A "resolved" that did not arrive, of what fires by now: nothing was missed."""
    tried = ways_of([FIRST, SECOND], [ONE, TWO])[1:]
    ended = missed(people, fact(tried=tried, kind=Kind.RESOLVED))

    assert (ended.dead, causes(ended)) == ((), [])


def test_who_was_renamed_does_not_fall_back_on_himself(
    people: Rules, fact: MakeFact
) -> None:
    """The phone that nothing reaches, under its new name, is nobody else."""
    bo = people.recipients[BO]
    renamed = {BO: replace(bo, phones=(FIRST,))}
    dead = fact(receiver="sre", numbers=(FIRST,))

    assert next_people([dead], ANNA, replace(people, recipients=renamed), NOW) == ()
