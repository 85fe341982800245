"""The routing tree, with Alertmanager's semantics and an index over siblings.

Depth first, left to right; the first sibling that matches ends the search at its level
unless it says `continue`; a node none of whose children match stands for itself.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from heapq import merge

from alertbridge.core.alert import Labels
from alertbridge.core.matcher import Matcher, Op
from alertbridge.core.recipient import ReceiverName
from alertbridge.core.writing import RouteTexts

REPEAT_INTERVAL = timedelta(hours=4)
"""Alertmanager's default `repeat_interval`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One node: what it wants to see, and who hears then.

    `receiver`, `repeat_interval` and `texts` are already inherited; `mute` and
    `active`, the names of time intervals, are never inherited. `id` is the path of
    positions below the root ("0/2/1"), "" for the root itself; `where` is "file:line"
    for people.
    """

    id: str
    receiver: ReceiverName
    matchers: tuple[Matcher, ...] = ()
    continues: bool = False
    mute: tuple[str, ...] = ()
    active: tuple[str, ...] = ()
    repeat_interval: timedelta = REPEAT_INTERVAL
    where: str = ""
    texts: RouteTexts = field(default_factory=RouteTexts)
    children: tuple["Route", ...] = ()

    def accepts(self, labels: Labels) -> bool:
        """Say whether every matcher of this node is satisfied; children not asked."""
        return all(matcher.matches(labels) for matcher in self.matchers)

    def walk(self) -> Iterator["Route"]:
        """Yield this node and all below it, in the order of the config."""
        yield self
        for child in self.children:
            yield from child.walk()


class RouteTree:
    """A tree made ready to be asked; asking costs the same among 10,000 siblings.

    Children are found by the rarest of their `label=value` matchers, so that only
    those that have a chance are asked; the answer is that of asking each in turn.
    """

    def __init__(self, root: Route) -> None:
        self.root = root
        self._node = _Node.of(root)
        self._by_id = {route.id: route for route in root.walk()}

    def find(self, ident: str | None) -> Route | None:
        """The route of this id; None if there is none (any more).

        Ids are positions: after a reload another route may stand there. Who asks for a
        recorded fact compares the receiver, too.
        """
        return None if ident is None else self._by_id.get(ident)

    def match(self, labels: Labels) -> tuple[Route, ...]:
        """Find the nodes that stand for *labels*, in order; never none.

        The root matches everything, whatever its matchers say: an alert that came
        here is somebody's (a root with matchers is a finding of `route_lint`).
        """
        return tuple(self._node.ends(labels))


_Pair = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Node:
    """A route, and its children by position under what finds them.

    A position is in exactly one place: `by_pair` under one of its equalities, or
    `unindexed` if it has none that a lookup by the alert's own labels could find.
    """

    route: Route
    children: tuple["_Node", ...]
    unindexed: list[int] = field(default_factory=list)
    by_pair: dict[_Pair, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, route: Route) -> "_Node":
        node = cls(
            route=route, children=tuple(cls.of(child) for child in route.children)
        )
        frequency = Counter(
            pair for child in route.children for pair in _equalities(child)
        )
        for position, child in enumerate(route.children):
            rarest = min(_equalities(child), key=frequency.__getitem__, default=None)
            if rarest is None:
                node.unindexed.append(position)
            else:
                node.by_pair.setdefault(rarest, []).append(position)
        return node

    def ends(self, labels: Labels) -> Iterator[Route]:
        matched = False
        for position in self._candidates(labels):
            child = self.children[position]
            if not child.route.accepts(labels):
                continue
            matched = True
            yield from child.ends(labels)
            if not child.route.continues:
                break
        if not matched:
            yield self.route

    def _candidates(self, labels: Labels) -> Iterable[int]:
        """Positions of the children that may accept *labels*, ascending."""
        if not self.by_pair:
            return self.unindexed
        found = [
            positions
            for pair in labels.items()
            if (positions := self.by_pair.get(pair)) is not None
        ]
        return merge(self.unindexed, *found) if found else self.unindexed


def _equalities(route: Route) -> list[_Pair]:
    """What must stand in a label set for *route* to accept it.

    `label=""` is none of them: it is satisfied by a label that is not there.
    """
    return [
        (matcher.name, matcher.value)
        for matcher in route.matchers
        if matcher.op is Op.EQUAL and matcher.value
    ]
