"""The linter is right whenever it speaks."""

import random
from itertools import product

import pytest

from alertbridge.core.matcher import parse_matchers
from alertbridge.core.recipient import ReceiverName
from alertbridge.core.route import Route, RouteTree
from alertbridge.core.route_lint import lint


def node(path: str, matchers: str = "", *children: Route, go_on: bool = False) -> Route:
    """Make a node whose receiver is its own path."""
    return Route(
        id=path,
        receiver=ReceiverName(f"to-{path}"),
        matchers=parse_matchers(matchers),
        continues=go_on,
        where=f"alertbridge.yaml:{path}",
        children=children,
    )


def flagged(*children: Route) -> list[str]:
    """Say which routes below a sane root are findings."""
    return [finding.route for finding in lint(node("", "", *children))]


@pytest.mark.parametrize(
    "children",
    [
        pytest.param((node("0"), node("1", "a=x")), id="after-a-catch-all"),
        pytest.param((node("0", "a=x"), node("1", "a=x")), id="the-same"),
        pytest.param((node("0", "a=x"), node("1", "b=y,a=x")), id="narrower"),
        pytest.param(
            (node("0", "a=~x|y"), node("1", "a=x")), id="equality-within-a-regex"
        ),
        pytest.param((node("0", "a!=y"), node("1", "a=x")), id="equality-not-another"),
        pytest.param((node("0", "a=~x.*"), node("1", "a=~x.*,b=y")), id="same-regex"),
        pytest.param(
            (node("0", 'a=x,b=""'), node("1", 'a=x,b="",c=z')), id="missing-label"
        ),
        pytest.param(
            (node("0", "a=~x|y"), node("-", "b=q", go_on=True), node("1", "a=y")),
            id="over-a-continue",
        ),
        pytest.param((node("1", "a=x,a=y"),), id="two-values"),
        pytest.param((node("1", 'a=x,a=""'),), id="value-and-missing"),
        pytest.param((node("1", "a=x,a!=x"),), id="value-and-not"),
        pytest.param((node("1", "a=x,a=~y.*"),), id="value-outside-a-regex"),
        pytest.param((node("1", "a=~x.*,a!~x.*"),), id="regex-and-not"),
        pytest.param(
            (node("0", "a=x", node("1", "a=y")),), id="excluded-by-the-parent"
        ),
        pytest.param(
            (node("0", "a=x", node("0/0", "a=~x|y"), node("1", "b=z")),),
            id="shadowed-because-of-the-parent",
        ),
    ],
)
def test_a_route_that_can_never_be_taken_is_found(children: tuple[Route, ...]) -> None:
    """Exactly the useless route is named."""
    assert flagged(*children) == ["1"]


@pytest.mark.parametrize(
    "children",
    [
        pytest.param((node("0", "a=x"), node("1", "a=y")), id="different-values"),
        pytest.param((node("0", "a=x,b=y"), node("1", "a=x")), id="wider"),
        pytest.param((node("0", "a=x", go_on=True), node("1", "a=x")), id="continue"),
        pytest.param(
            (node("0", "", go_on=True), node("1", "a=x")), id="open-catch-all"
        ),
        pytest.param((node("0", "a=~x|y"), node("1", "a=~x")), id="regex-in-a-regex"),
        pytest.param((node("0", "a!=x"), node("1", "b=y")), id="negation"),
        pytest.param((node("0", 'a=""'), node("1", "b=y")), id="missing-label"),
        pytest.param((node("0", "a=~x.*,a=~.*y"),), id="two-regexes"),
        pytest.param((node("0", "a=x", node("0/0", "a=x")),), id="repeats-the-parent"),
    ],
)
def test_a_route_that_may_be_taken_is_left_alone(children: tuple[Route, ...]) -> None:
    """What only might be a mistake is not reported."""
    assert flagged(*children) == []


def test_below_a_useless_route_nothing_more_is_said() -> None:
    """One mistake makes one finding."""
    assert flagged(node("0", "a=x,a=y", node("0/0", "b=z,b=q"))) == ["0"]


def test_a_finding_names_both_places_and_the_fix() -> None:
    """The person who reads it need not search."""
    (finding,) = lint(node("", "", node("0", "a=x"), node("1", "a=x,b=y")))

    assert (finding.route, finding.where) == ("1", "alertbridge.yaml:1")
    assert "the route at alertbridge.yaml:0" in finding.problem
    assert "move this route before that one" in finding.fix


@pytest.mark.parametrize(
    ("root", "problem"),
    [
        pytest.param(node("", "a=x"), "matchers", id="matchers"),
        pytest.param(node("", go_on=True), "continue", id="continue"),
        pytest.param(
            Route(id="", receiver=ReceiverName("r"), mute=("night",)),
            "time intervals",
            id="muted",
        ),
        pytest.param(
            Route(id="", receiver=ReceiverName("r"), active=("day",)),
            "time intervals",
            id="active",
        ),
    ],
)
def test_the_root_must_take_everything_always(root: Route, problem: str) -> None:
    """Whatever narrows the root is a finding."""
    (finding,) = lint(root)

    assert problem in finding.problem


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "matchers", ["severity=critical,team=t{}", "severity=critical,team=~t{}"]
)
def test_ten_thousand_siblings_are_not_compared_each_with_each(matchers: str) -> None:
    """Fifty million comparisons would take minutes; the timeout is the claim."""
    children = [node(f"{n}", matchers.format(n)) for n in range(10_000)]

    assert flagged(*children, node("again", matchers.format(5))) == ["again"]


def some_tree(dice: random.Random, depth: int, path: str = "") -> Route:
    """Grow a random tree over three labels and few values."""
    matchers = ",".join(
        f"{dice.choice('abc')}{dice.choice(('=', '=', '!=', '=~', '!~'))}"
        f'"{dice.choice(("", "x", "y", "x|y", "x|"))}"'
        for _ in range(dice.randint(0, 3))
    )
    children = [
        some_tree(dice, depth - 1, f"{path}/{number}")
        for number in range(dice.randint(0, 4) if depth else 0)
    ]
    matchers = matchers if path else ""
    return node(path, matchers, *children, go_on=bool(path) and dice.random() < 0.3)


@pytest.mark.parametrize("seed", range(300))
def test_no_label_set_ever_reaches_a_route_that_was_found(seed: int) -> None:
    """Soundness, against every label set over the values that the tree knows."""
    root = some_tree(random.Random(seed), depth=2)
    tree = RouteTree(root)
    useless = {finding.route for finding in lint(root)}

    reached = {
        found.id
        for values in product(("", "x", "y", "z", "x|y", "x|"), repeat=3)
        for found in tree.match(dict(zip("abc", values, strict=True)))
    }

    assert not useless & reached
