"""What leaves a mailbox now: the pace, the way, and how long it is worth trying."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from alertbridge.core.dispatch import LONGEST_WINDOW, draft
from alertbridge.core.mailbox import Mailbox
from alertbridge.core.message import Draft, Idle
from alertbridge.core.notification import Fact
from alertbridge.core.recipient import Receiver, ReceiverName, RecipientName
from alertbridge.core.rules import Rules
from alertbridge.core.template import compile_template

NOW = datetime(2026, 3, 14, 3, 12, 30, tzinfo=UTC)
MakeFact = Callable[..., Fact]


def mailbox(*facts: Fact, sent: int = 0) -> Mailbox:
    """Anna's mailbox, with so many SMS a minute ago."""
    return Mailbox(
        recipient=RecipientName("anna"),
        facts=facts,
        sent=[NOW - timedelta(minutes=1)] * sent,
    )


def test_a_fact_leaves_at_once(fact: MakeFact, rules: Rules) -> None:
    """Never wait in order to coalesce."""
    found = draft(mailbox(fact()), rules, NOW)

    assert isinstance(found, Draft)
    assert (found.way.number, found.way.provider) == ("+46701740605", "one")


def test_an_empty_mailbox_is_idle(rules: Rules) -> None:
    """Until it fills."""
    assert draft(mailbox(), rules, NOW) == Idle()


def test_a_full_pace_waits_for_its_place(fact: MakeFact, rules: Rules) -> None:
    """And says until when."""
    found = draft(mailbox(fact(), sent=6), rules, NOW)

    assert found == Idle(until=NOW + timedelta(minutes=9))


def test_a_full_pace_looks_again_when_a_fact_grows_old(
    fact: MakeFact, rules: Rules
) -> None:
    """What expires meanwhile is recorded when it does."""
    soon = NOW + timedelta(minutes=2)
    found = draft(mailbox(fact(expires=soon), sent=6), rules, NOW)

    assert found == Idle(until=soon)


def test_the_provider_stops_when_the_last_fact_is_too_old(
    fact: MakeFact, rules: Rules
) -> None:
    """Rounded up to a minute, so that people who hear the same share a request."""
    facts = [fact(n, expires=NOW + timedelta(minutes=n)) for n in (5, 20)]
    found = draft(mailbox(*facts), rules, NOW)

    assert isinstance(found, Draft)
    assert found.closes_at == datetime(2026, 3, 14, 3, 33, tzinfo=UTC)


def test_a_page_without_a_time_to_live_has_half_a_day(
    fact: MakeFact, rules: Rules
) -> None:
    """Yesterday night's page helps nobody."""
    found = draft(mailbox(fact()), rules, NOW)

    assert isinstance(found, Draft)
    assert found.closes_at - NOW <= LONGEST_WINDOW + timedelta(minutes=1)


def test_a_removed_person_is_reached_on_every_stored_number(
    fact: MakeFact, rules: Rules
) -> None:
    """Rule 9: on what intake wrote down, in its order."""
    facts = [fact(1), fact(2, numbers=("+46701740606",))]
    gone = replace(mailbox(*facts), recipient=RecipientName("bo"))
    skipped = replace(gone, skipped=frozenset(facts[0].numbers))
    found = draft(skipped, rules, NOW)

    assert isinstance(found, Draft)
    assert found.way.number == "+46701740606"


def test_it_records_what_it_replaces(fact: MakeFact, rules: Rules) -> None:
    """Each replaced message once."""
    facts = [fact(n, replaces=message) for n, message in ((1, 7), (2, 7), (3, None))]
    found = draft(mailbox(*facts), rules, NOW)

    assert isinstance(found, Draft)
    assert found.replaces == (7,)


def test_a_receivers_template_is_used(fact: MakeFact, rules: Rules) -> None:
    """When everything that leads is that receiver's."""
    own = with_template(rules)
    found = draft(mailbox(fact(), fact(2)), own, NOW)

    assert isinstance(found, Draft)
    assert found.text.body == "own words"


def test_facts_of_several_receivers_get_the_built_in_text(
    fact: MakeFact, rules: Rules
) -> None:
    """No receiver's words for another one's alerts."""
    own = with_template(rules)
    found = draft(mailbox(fact(), fact(2, receiver="gone")), own, NOW)

    assert isinstance(found, Draft)
    assert found.text.body != "own words"


def with_template(rules: Rules) -> Rules:
    """The rules, with a template for the only receiver."""
    name = ReceiverName("sre")
    anna = (RecipientName("anna"),)
    return replace(
        rules,
        receivers={name: Receiver(name=name, recipients=anna, template="own")},
        templates={"own": compile_template("own", "own words")},
    )
