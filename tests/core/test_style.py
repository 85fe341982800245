"""Whose words a letter has, and how long it may be: which rule says so."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from alertbridge.core.alert import OURSELVES
from alertbridge.core.mailbox import Letter
from alertbridge.core.notification import Fact
from alertbridge.core.recipient import Receiver, ReceiverName, Recipient, RecipientName
from alertbridge.core.route import Route, RouteTree
from alertbridge.core.rules import Budget, Rules
from alertbridge.core.severity import Severity
from alertbridge.core.style import style_of, writing_of
from alertbridge.core.template import compile_template
from alertbridge.core.writing import BUILT_IN, RouteTexts, Said

MakeFact = Callable[..., Fact]


def route(
    ident: str,
    receiver: str = "sre",
    *,
    template: str | None = None,
    critical: int | None = None,
    other: int | None = None,
) -> Route:
    """A route that says this of its texts, on the line of its id."""

    def said(value: str | int | None) -> Said[object] | None:
        return None if value is None else Said(value, f"a.yaml:{ident}")

    texts = {"template": said(template), "critical": said(critical)}
    return Route(
        id=ident,
        receiver=ReceiverName(receiver),
        texts=RouteTexts(**texts, other=said(other)),  # type: ignore[arg-type]
    )


@pytest.fixture
def many(rules: Rules) -> Rules:
    """Routes with and without a template and a budget of their own."""
    names = {"sre": None, "dba": "receivers"}
    return replace(
        rules,
        tree=RouteTree(
            replace(
                route("", template=None),
                children=(
                    route("0", template="routes", critical=4),
                    route("1", "dba"),
                    route("2", "dba", template=BUILT_IN, critical=3, other=3),
                    route("3", "dba", template="routes", critical=6),
                ),
            )
        ),
        receivers={
            ReceiverName(name): Receiver(
                name=ReceiverName(name),
                recipients=(RecipientName("anna"),),
                template=template,
                where=f"a.yaml:{name}",
            )
            for name, template in names.items()
        },
        templates={
            name: compile_template(name, name)
            for name in ("routes", "receivers", "persons")
        },
        budget=Budget(critical=2, other=1),
    )


def written(
    rules: Rules, *facts: Fact, template: str | None = None
) -> tuple[str, str, int, str]:
    """Template and budget of a letter to Anna, each with its line."""
    anna = replace(
        rules.recipients[RecipientName("anna")], template=template, where="a.yaml:anna"
    )
    writing = writing_of(Letter(firing=facts), anna, rules)
    whose, budget = writing.template, writing.budget
    return whose.value, whose.where, budget.value, budget.where


BY = {"route": "1", "receiver": "dba"}


@pytest.mark.parametrize(
    ("by", "template", "expected"),
    [
        pytest.param({"route": ""}, None, (BUILT_IN, ""), id="nobody-says-anything"),
        pytest.param(
            {"route": "0"}, None, ("routes", "a.yaml:0"), id="the-routes-own"
        ),
        pytest.param(BY, None, ("receivers", "a.yaml:dba"), id="the-receivers"),
        pytest.param(
            {**BY, "route": "3"}, None, ("routes", "a.yaml:3"), id="route-wins"
        ),
        pytest.param(
            {**BY, "route": "2"}, None, (BUILT_IN, "a.yaml:2"), id="route-turns-it-off"
        ),
        pytest.param(
            {**BY, "route": "3"}, "persons", ("persons", "a.yaml:anna"), id="person"
        ),
        pytest.param(
            {**BY, "route": "3"}, BUILT_IN, (BUILT_IN, "a.yaml:anna"), id="person-off"
        ),
        pytest.param(
            {**BY, "route": "0"}, None, ("receivers", "a.yaml:dba"),
            id="another-route-stands-there-now",
        ),
        pytest.param(
            {**BY, "route": "9/9"}, None, ("receivers", "a.yaml:dba"), id="route-gone"
        ),
        pytest.param(
            {**BY, "route": None}, None, ("receivers", "a.yaml:dba"), id="no-route"
        ),
        pytest.param(
            {"route": None, "receiver": "gone"}, None, (BUILT_IN, ""),
            id="receiver-gone",
        ),
    ],
)  # fmt: skip
def test_the_persons_template_then_the_routes_then_the_receivers(
    many: Rules,
    fact: MakeFact,
    by: Mapping[str, str | None],
    template: str | None,
    expected: tuple[str, str],
) -> None:
    """A position is believed only if its route has the receiver that was recorded."""
    told = replace(fact(), receiver="sre")

    found = written(many, replace(told, **by), template=template)  # type: ignore[arg-type]

    assert found[:2] == expected


def test_alerts_with_different_templates_get_the_built_in_text(
    many: Rules, fact: MakeFact
) -> None:
    """Nobody's words for another one's alerts; the lines that differ are named."""
    facts = (
        replace(fact(1), receiver="sre", route="0"),
        replace(fact(2), receiver="dba", route="1"),
    )

    mixed = written(many, *facts)
    own = written(many, *facts, template="persons")

    assert mixed[:2] == (BUILT_IN, "a.yaml:0 and a.yaml:dba differ")
    assert own[0] == "persons"


def test_pages_about_ourselves_are_in_our_own_words(
    many: Rules, fact: MakeFact
) -> None:
    """A receiver's words for alerts could hide what is wrong with us."""
    told = replace(fact(), receiver="dba")
    ours = replace(told, episode=replace(told.episode, source=OURSELVES))

    assert written(many, ours)[:2] == (BUILT_IN, "")
    assert written(many, ours, replace(told, route="1"))[0] == BUILT_IN
    assert written(many, ours, template="persons")[0] == "persons"


def test_one_template_by_two_ways_is_one_template(many: Rules, fact: MakeFact) -> None:
    """It is the words that count, not who said them."""
    facts = (
        replace(fact(1), receiver="sre", route="0"),
        replace(fact(2), receiver="dba", route="3"),
    )

    assert written(many, *facts)[0] == "routes"


@pytest.mark.parametrize(
    ("ways", "severity", "expected"),
    [
        pytest.param([("sre", "")], Severity.CRITICAL, (2, ""), id="default"),
        pytest.param([("sre", "")], Severity.LOW, (1, ""), id="default-for-others"),
        pytest.param([("sre", "0")], Severity.CRITICAL, (4, "a.yaml:0"), id="own"),
        pytest.param([("sre", "0")], Severity.HIGH, (1, ""), id="own-is-for-critical"),
        pytest.param(
            [("sre", "0"), ("dba", "2")], Severity.CRITICAL, (4, "a.yaml:0"),
            id="the-largest",
        ),
        pytest.param(
            [("sre", ""), ("dba", "2")], Severity.HIGH, (3, "a.yaml:2"),
            id="larger-than-the-default",
        ),
        pytest.param(
            [("dba", "0")], Severity.CRITICAL, (2, ""), id="another-route-now"
        ),
    ],
)  # fmt: skip
def test_the_largest_budget_of_its_routes(
    many: Rules,
    fact: MakeFact,
    ways: list[tuple[str, str]],
    severity: Severity,
    expected: tuple[int, str],
) -> None:
    """For the letter's severity; one route's thrift does not cut another's alerts."""
    facts = [
        replace(fact(n), receiver=receiver, route=ident, severity=severity)
        for n, (receiver, ident) in enumerate(ways, 1)
    ]

    assert written(many, *facts)[2:] == expected


def test_a_critical_alert_lets_the_whole_letter_be_critical(
    many: Rules, fact: MakeFact
) -> None:
    """The budget is the letter's: by its worst, on every route it came by."""
    facts = (
        replace(fact(1), receiver="sre", route="", severity=Severity.CRITICAL),
        replace(fact(2), receiver="dba", route="3", severity=Severity.LOW),
    )

    assert written(many, *facts)[2:] == (6, "a.yaml:3")


def test_the_style_is_what_the_writing_says(many: Rules, fact: MakeFact) -> None:
    """Name to template, number to budget; the built-in text is no template."""
    told = replace(fact(), receiver="sre", route="0", severity=Severity.CRITICAL)
    nobody: Recipient | None = None

    own = style_of(Letter(firing=(told,)), nobody, many)
    plain = style_of(Letter(firing=(replace(told, route=""),)), nobody, many)

    assert (own.template, own.budget) == (many.templates["routes"], 4)
    assert (plain.template, plain.budget) == (None, 2)
