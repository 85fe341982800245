"""The routing tree finds what Alertmanager's finds, at a cost that does not grow."""

import random
from collections.abc import Iterator, Mapping
from datetime import timedelta

import pytest

from alertbridge.core.matcher import parse_matchers
from alertbridge.core.recipient import ReceiverName
from alertbridge.core.route import Route, RouteTree

SIBLINGS = 10_000


def route(
    receiver: str, matchers: str = "", *children: Route, go_on: bool = False
) -> Route:
    """Make a node; the tests tell nodes apart by receiver."""
    return Route(
        id=receiver,
        receiver=ReceiverName(receiver),
        matchers=parse_matchers(matchers),
        continues=go_on,
        children=children,
    )


def receivers(root: Route, labels: Mapping[str, str]) -> list[str]:
    """Ask a tree who hears."""
    return [found.receiver for found in RouteTree(root).match(labels)]


class CountedLabels(Mapping[str, str]):
    """Labels that count how often somebody looks at one."""

    def __init__(self, labels: Mapping[str, str]) -> None:
        self._labels = labels
        self.looks = 0

    def __getitem__(self, name: str) -> str:
        self.looks += 1
        return self._labels[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)


TREE = route(
    "root",
    "",
    route(
        "db",
        "team=db",
        route("db-critical", "severity=critical"),
        route("db-audit", 'audit=""', go_on=True),
        route("db-night", "shift=~n.*"),
    ),
    route("copy", "severity=~critical|page", go_on=True),
    route("web", "team=web", go_on=True),
    route("no-team", 'team=""'),
    route("late", "team!=db"),
)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        pytest.param({"team": "db", "audit": "x"}, ["db"], id="node-itself"),
        pytest.param(
            {"team": "db", "severity": "critical"}, ["db-critical"], id="first-child"
        ),
        pytest.param(
            {"team": "db", "shift": "night"}, ["db-audit", "db-night"], id="continue"
        ),
        pytest.param({"team": "db"}, ["db-audit"], id="missing-label-is-empty"),
        pytest.param({"team": "web"}, ["web", "late"], id="continue-over-a-miss"),
        pytest.param(
            {"team": "web", "severity": "page"}, ["copy", "web", "late"], id="in-order"
        ),
        pytest.param({}, ["no-team"], id="no-labels"),
        pytest.param({"team": ""}, ["no-team"], id="empty-label"),
        pytest.param(
            {"severity": "critical"}, ["copy", "no-team"], id="regex-then-missing"
        ),
    ],
)
def test_match(labels: dict[str, str], expected: list[str]) -> None:
    """Depth first, left to right, until a sibling matches without `continue`."""
    assert receivers(TREE, labels) == expected


def test_the_root_takes_what_nobody_takes() -> None:
    """An alert that fits no route is the root's."""
    assert receivers(route("root", "", route("db", "team=db")), {}) == ["root"]


def test_the_root_takes_all_whatever_its_matchers_say() -> None:
    """A root with matchers is a mistake that must not lose a page."""
    assert receivers(route("root", "team=db"), {"team": "web"}) == ["root"]


def test_two_routes_to_one_receiver_are_both_found() -> None:
    """Duplicates are kept: what becomes of them is not routing's business."""
    tree = route("root", "", route("db", "team=db", go_on=True), route("db", "team=db"))

    assert receivers(tree, {"team": "db"}) == ["db", "db"]


def test_a_route_found_by_one_matcher_must_satisfy_all() -> None:
    """The index only proposes."""
    tree = route("root", "", route("db", "team=db,severity=critical,env!=test"))

    assert receivers(tree, {"team": "db", "severity": "critical", "env": "test"}) == [
        "root"
    ]


def test_by_default_a_reminder_takes_four_hours() -> None:
    """Alertmanager's default repeat interval is ours."""
    assert route("root").repeat_interval == timedelta(hours=4)


def test_walk_is_in_the_order_of_the_config() -> None:
    """A node comes before its children, and they before its next sibling."""
    assert [found.id for found in TREE.walk()] == [
        "root",
        "db",
        "db-critical",
        "db-audit",
        "db-night",
        "copy",
        "web",
        "no-team",
        "late",
    ]


def one_of_many(matchers: str, **options: bool) -> Route:
    """Make a root with 10,000 children that differ by their number."""
    return route(
        "root",
        "",
        *(
            route(f"r{number}", matchers.format(number), **options)
            for number in range(SIBLINGS)
        ),
    )


@pytest.mark.parametrize(
    "matchers",
    [
        pytest.param("team=t{}", id="one-equality"),
        pytest.param("severity=critical,team=t{}", id="beside-a-common-equality"),
        pytest.param("env=~prod.*,team=t{}", id="beside-a-regex"),
        pytest.param('region="",team=t{},env!=test', id="beside-an-empty-value"),
    ],
)
@pytest.mark.parametrize("number", [0, SIBLINGS // 2, SIBLINGS - 1, SIBLINGS])
def test_ten_thousand_siblings_cost_no_more_than_one(
    matchers: str, number: int
) -> None:
    """The work of finding a route does not grow with the number of its siblings."""
    tree = RouteTree(one_of_many(matchers))
    labels = CountedLabels(
        {"team": f"t{number}", "severity": "critical", "env": "production"}
    )

    found = tree.match(labels)

    assert found[0].receiver == (f"r{number}" if number < SIBLINGS else "root")
    assert labels.looks <= 8


def test_ten_thousand_siblings_with_continue_cost_no_more_than_one() -> None:
    """The search goes on after `continue`, but not through what cannot match."""
    tree = RouteTree(one_of_many("team=t{}", go_on=True))
    labels = CountedLabels({"team": "t77"})

    tree.match(labels)

    assert labels.looks <= 4


def in_turn(node: Route, labels: Mapping[str, str]) -> list[Route]:
    """Ask every child in turn: the rule, without an index."""
    found: list[Route] = []
    for child in node.children:
        if child.accepts(labels):
            found += in_turn(child, labels)
            if not child.continues:
                break
    return found or [node]


def some_tree(dice: random.Random, depth: int, path: str = "") -> Route:
    """Grow a random tree of equalities, empty values and negations."""
    matchers = ",".join(
        f"{dice.choice('abc')}{dice.choice(('=', '=', '=', '!='))}"
        f'"{dice.choice(("", "x", "y"))}"'
        for _ in range(dice.randint(0, 3))
    )
    children = [
        some_tree(dice, depth - 1, f"{path}/{number}")
        for number in range(dice.randint(0, 6) if depth else 0)
    ]
    return route(f"r{path}", matchers, *children, go_on=dice.random() < 0.4)


@pytest.mark.parametrize("seed", range(200))
def test_the_index_answers_as_asking_in_turn_does(seed: int) -> None:
    """Order, `continue` and missing labels survive the index."""
    dice = random.Random(seed)
    root = some_tree(dice, depth=3)
    tree = RouteTree(root)

    for _ in range(20):
        labels = {
            name: dice.choice(("", "x", "y"))
            for name in dice.sample("abcd", dice.randint(0, 4))
        }
        assert list(tree.match(labels)) == in_turn(root, labels)
