"""Who listens: each person once, by the rule that lets him hear first."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from alertbridge.core.audience import (
    Listener,
    held_after_reload,
    held_until,
    listener_of,
    listeners_of_routes,
)
from alertbridge.core.interval import HORIZON, TimeInterval
from alertbridge.core.recipient import Msisdn, ReceiverName, RecipientName
from alertbridge.core.route import Route, RouteTree
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity

NOW = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
SEVEN = datetime(2026, 3, 14, 7, 0, tzinfo=UTC)
NINE = datetime(2026, 3, 14, 9, 0, tzinfo=UTC)
INTERVALS = {
    "night": TimeInterval(times=((22 * 60, 7 * 60),)),
    "office": TimeInterval(times=((9 * 60, 17 * 60),)),
    "always": TimeInterval(),
}


@pytest.fixture
def rules(make_rules: Callable[..., Rules]) -> Rules:
    """Anna, whom two receivers name."""
    return make_rules(receivers={"dba": ["anna"]}, intervals=INTERVALS)


def listening(held: datetime | None) -> Listener:
    """Anna, held until then."""
    return Listener(
        recipient=RecipientName("anna"),
        numbers=(),
        receiver="sre",
        held_until=held,
    )


OPEN, AT_SEVEN, AT_NINE = listening(None), listening(SEVEN), listening(NINE)
ORDER = {
    "open-before-held": (OPEN, AT_SEVEN, True),
    "earlier-before-later": (AT_SEVEN, AT_NINE, True),
    "later-after-earlier": (AT_NINE, AT_SEVEN, False),
    "held-after-open": (AT_SEVEN, OPEN, False),
    "open-after-open": (OPEN, OPEN, False),
}


@pytest.mark.parametrize(("one", "other", "sooner"), ORDER.values(), ids=ORDER)
def test_which_rule_lets_a_person_hear_sooner(
    one: Listener, other: Listener, sooner: bool
) -> None:
    """Now, then the earlier of two times; the first named wins a tie."""
    assert one.sooner_than(other) is sooner


ROUTES = {
    "open": ({}, None),
    "muted": ({"mute": ("night",)}, SEVEN),
    "active": ({"active": ("night",)}, None),
    "not-active": ({"active": ("office",)}, NINE),
    "muted-for-ever": ({"mute": ("always",)}, NOW + HORIZON),
    "muted-by-a-name-that-is-gone": ({"mute": ("gone",)}, None),
}


@pytest.mark.parametrize(("own", "held"), ROUTES.values(), ids=ROUTES)
def test_until_when_a_route_holds(
    own: dict[str, tuple[str, ...]], held: datetime | None, rules: Rules
) -> None:
    """Rule 10; a name that the config no longer has silences nobody."""
    route = Route(id="", receiver=ReceiverName("sre"), **own)  # type: ignore[arg-type]

    (listener,) = listeners_of_routes([route], Severity.CRITICAL, rules, NOW)

    assert listener.held_until == held


@pytest.mark.parametrize("first", ["sre", "dba"])
def test_two_receivers_that_name_one_person_make_one_listener(
    first: str, rules: Rules
) -> None:
    """Rule 6: by the route that lets her hear now, wherever it stands."""
    names = [first, "dba" if first == "sre" else "sre"]
    routes = [
        Route(
            id=name,
            receiver=ReceiverName(name),
            mute=("night",) if name == "sre" else (),
        )
        for name in names
    ]

    (listener,) = listeners_of_routes(routes, Severity.CRITICAL, rules, NOW)

    assert (listener.receiver, listener.held_until) == ("dba", None)


@pytest.mark.parametrize("first", ["sre", "dba"])
def test_of_two_receivers_the_one_that_wants_resolved_texts_counts(
    first: str, make_rules: Callable[..., Rules]
) -> None:
    """Who hears the end does not depend on the order of the routes."""
    rules = make_rules(receivers={"dba": ["anna"]}, quiet_receivers=["sre"])
    names = [first, "dba" if first == "sre" else "sre"]
    routes = [Route(id=name, receiver=ReceiverName(name)) for name in names]

    (listener,) = listeners_of_routes(routes, Severity.CRITICAL, rules, NOW)

    assert listener.receiver == "dba"


RELOADS = {
    "its-route-is-no-longer-muted": ((), "anna", None),
    "its-route-is-still-muted": (("night",), "anna", SEVEN),
    "its-route-is-muted-for-ever": (("always",), "anna", NOW + HORIZON),
    "renamed-with-the-same-phone": ((), "anna-maria", None),
    "nobody-there-is-named-any-more": ((), "bo", SEVEN),
}


@pytest.mark.parametrize(("mute", "name", "until"), RELOADS.values(), ids=RELOADS)
def test_a_reload_asks_the_routes_again(
    mute: tuple[str, ...],
    name: str,
    until: datetime | None,
    make_rules: Callable[..., Rules],
) -> None:
    """A mute taken off its route lets what it held go; names alone would not."""
    phone = "+46701740607" if name == "bo" else "+46701740605"
    rules = make_rules({name: [phone]}, mute=mute, intervals=INTERVALS)
    held = Listener(
        recipient=RecipientName("anna"),
        numbers=(Msisdn("+46701740605"),),
        receiver="sre",
        mutes=("night",),
    )
    critical = Severity.CRITICAL

    assert held_after_reload({"alertname": "X"}, held, critical, rules, NOW) == until


HOLDS = {
    "open": ((), None),
    "muted": (("night",), SEVEN),
    "for-ever": (("always",), NOW + HORIZON),
}


@pytest.mark.parametrize(("mutes", "until"), HOLDS.values(), ids=HOLDS)
def test_until_when_a_fact_is_held(
    mutes: tuple[str, ...], until: datetime | None, rules: Rules
) -> None:
    """A fact that waits always has a time to be looked at again."""
    assert held_until(mutes, (), rules, NOW) == until


def test_a_person_named_by_himself_hears_at_once_on_all_his_numbers(
    rules: Rules,
) -> None:
    """A test page asks no route."""
    anna = rules.recipients[RecipientName("anna")]

    listener = listener_of(anna)

    assert (listener.numbers, listener.held_until) == (anna.phones, None)


THROUGH = {
    "critical": (Severity.CRITICAL, Severity.CRITICAL, None),
    "high, and only critical may": (Severity.HIGH, Severity.CRITICAL, SEVEN),
    "high may": (Severity.HIGH, Severity.HIGH, None),
    "low, all may": (Severity.LOW, Severity.LOW, None),
    "nothing may": (Severity.CRITICAL, None, SEVEN),
    "good news never does": (None, Severity.LOW, SEVEN),
}


@pytest.mark.parametrize(("severity", "least", "until"), THROUGH.values(), ids=THROUGH)
def test_a_route_holds_what_does_not_break_through(
    severity: Severity | None,
    least: Severity | None,
    until: datetime | None,
    rules: Rules,
) -> None:
    """None breaks through by default, as in Alertmanager."""
    route = Route(
        id="0",
        receiver=ReceiverName("sre"),
        mute=("night",),
        breaks_through=least,
    )
    (listener,) = listeners_of_routes([route], severity, rules, NOW)

    assert (listener.held_until, listener.mutes) == (until, ("night",))


@pytest.mark.parametrize(
    ("severity", "until"), [(Severity.CRITICAL, None), (None, SEVEN)], ids=str
)
def test_a_reload_lets_through_what_breaks_through(
    severity: Severity | None, until: datetime | None, rules: Rules
) -> None:
    """And goes on holding its good news."""
    route = Route(
        id="",
        receiver=ReceiverName("sre"),
        mute=("night",),
        breaks_through=Severity.CRITICAL,
    )
    held = Listener(
        recipient=RecipientName("anna"), numbers=(), receiver="sre", mutes=("night",)
    )
    now = replace(rules, tree=RouteTree(route))

    assert held_after_reload({"alertname": "X"}, held, severity, now, NOW) == until
