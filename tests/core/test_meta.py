"""Pages about alertbridge itself: who gets them, and what they never say."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from alertbridge.core import meta
from alertbridge.core.alert import OURSELVES
from alertbridge.core.meta import dead_notifications, meta_plan
from alertbridge.core.notification import Fact
from alertbridge.core.plan import Plan
from alertbridge.core.recipient import ReceiverName, RecipientName
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity, SeverityRule

NOW = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
ANNA = RecipientName("anna")
MakeFact = Callable[..., Fact]


@pytest.fixture
def rules(make_rules: Callable[..., Rules]) -> Rules:
    """Anna is paged, Bo is the admin."""
    people = {"anna": ("+46701740605",), "bo": ("+46701740607",)}
    made = make_rules(people, receivers={"sre": ["anna"], "admins": ["bo"]})
    return replace(made, meta_receiver=ReceiverName("admins"))


def summary(made: Plan) -> str:
    """What the page says."""
    (opened,) = made.opens
    return opened.alert.annotations["summary"]


def test_a_meta_alert_is_a_critical_page_to_the_admins(rules: Rules) -> None:
    """Like any other, with us for its source."""
    made = meta_plan("DiskAlmostFull", "1", "no room", rules, NOW)

    (fact,) = made.facts
    assert (fact.recipient, fact.severity) == ("bo", Severity.CRITICAL)
    assert made.keys.source == OURSELVES


def test_it_is_critical_whatever_a_config_calls_that(rules: Rules) -> None:
    """It must go first, and wake whom a critical page wakes."""
    own = SeverityRule(label="prio", critical=frozenset({"sev1", "sev0"}))
    made = meta_plan("DiskFull", "1", "no room", replace(rules, severity=own), NOW)

    assert made.facts[0].severity is Severity.CRITICAL
    assert made.opens[0].alert.labels["prio"] == "sev0"


def test_two_happenings_of_one_cause_are_two_pages(rules: Rules) -> None:
    """The subject tells them apart, though nobody sees it."""
    one, two = (meta_plan("PageNotSent", n, "no", rules, NOW) for n in "12")

    assert one.keys.fingerprints != two.keys.fingerprints
    assert one.opens[0].alert.labels == two.opens[0].alert.labels


def test_a_test_page_is_for_one_person_and_says_what_it_is(rules: Rules) -> None:
    """It takes no place that is kept for critical."""
    made = meta.test_page(rules.recipients[ANNA], rules, NOW, followed=False)

    (fact,) = made.facts
    assert (fact.recipient, fact.severity) == ("anna", Severity.LOW)
    assert summary(made).startswith("this is a test")


def test_the_admins_hear_who_was_not_told_of_what(fact: MakeFact, rules: Rules) -> None:
    """Each name once, in order."""
    dead = [fact(1, name="B"), fact(2, name="A"), fact(3, name="B")]

    (made,) = dead_notifications(dead, ANNA, "no way left", rules, NOW)

    assert summary(made) == "anna was not told of A, B: no way left"


def test_who_may_have_heard_is_not_said_to_be_untold(
    fact: MakeFact, rules: Rules
) -> None:
    """The gateway's answer was lost: the phone may have rung."""
    (made,) = dead_notifications(
        [fact(1, name="A", uncertain=2)], ANNA, "no clear answer", rules, NOW
    )

    assert summary(made) == "anna may not have been told of A: no clear answer"


def test_many_dead_pages_are_counted(fact: MakeFact, rules: Rules) -> None:
    """Three names and a number fit an SMS; two hundred names do not."""
    dead = [fact(n, name=f"A{n}") for n in range(5)]

    (made,) = dead_notifications(dead, ANNA, "expired", rules, NOW)

    assert summary(made) == "anna was not told of A0, A1, A2 +2: expired"


def test_a_dead_alert_without_a_name_is_told_by_its_number(
    fact: MakeFact, rules: Rules
) -> None:
    """`alertbridge show 12` finds it."""
    (made,) = dead_notifications([fact(name="", episode=12)], ANNA, "no", rules, NOW)

    assert summary(made) == "anna was not told of episode 12: no"


def test_a_dead_meta_alert_makes_no_meta_alert(fact: MakeFact, rules: Rules) -> None:
    """The loop would page for ever."""
    dead = fact()
    ours = replace(dead, episode=replace(dead.episode, source=OURSELVES))

    assert dead_notifications([ours], ANNA, "no", rules, NOW) == ()
