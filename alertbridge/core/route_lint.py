"""Find routes that cannot do what they look like; every finding is certain.

Silence proves nothing: whether one regular expression covers another is not asked.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from alertbridge.core.matcher import Matcher, Op
from alertbridge.core.route import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong with one route: where it is, and what to write."""

    route: str
    where: str
    problem: str
    fix: str


def lint(root: Route) -> tuple[Finding, ...]:
    """Look through the whole tree, in the order of the config."""
    return (*_of_root(root), *_below(root, ()))


def _of_root(root: Route) -> Iterator[Finding]:
    if root.matchers:
        yield _finding(
            root,
            "the root route has matchers",
            "remove them: the root catches every alert that no other route takes",
        )
    if root.continues:
        yield _finding(
            root, "the root route has `continue`", "remove it: nothing follows the root"
        )
    if root.mute or root.active:
        yield _finding(
            root,
            "the root route has time intervals",
            "move them to a route below it: the root must always be able to page",
        )


def _below(parent: Route, inherited: tuple[Matcher, ...]) -> Iterator[Finding]:
    """Judge the children of *parent*; *inherited* is what must hold to get there."""
    earlier = _Shadows.among(parent.children)
    for child in parent.children:
        known = (*inherited, *child.matchers)
        pair = _contradiction(known)
        if pair is not None:
            yield _finding(
                child,
                f"this route never matches: {pair[0]} and {pair[1]} exclude each other",
                "remove one of them, here or in the routes above",
            )
            continue
        shadow = earlier.of(known)
        if shadow is not None:
            yield _finding(
                child,
                f"this route is never reached: {_name(shadow)} takes all its alerts",
                "move this route before that one, or give that one `continue: true`",
            )
            continue
        if not child.continues:
            earlier.add(child)
        yield from _below(child, known)


def _contradiction(matchers: Sequence[Matcher]) -> tuple[Matcher, Matcher] | None:
    """Two matchers that no label set satisfies together, as far as we can tell."""
    equalities: dict[str, Matcher] = {}
    for matcher in matchers:
        if matcher.op is Op.EQUAL:
            equalities.setdefault(matcher.name, matcher)
    seen: dict[tuple[str, Op, str], Matcher] = {}
    for matcher in matchers:
        equality = equalities.get(matcher.name)
        if equality is not None and not matcher.accepts(equality.value):
            return equality, matcher
        opposite = seen.get((matcher.name, _OPPOSITE[matcher.op], matcher.value))
        if opposite is not None:
            return opposite, matcher
        seen[matcher.name, matcher.op, matcher.value] = matcher
    return None


_OPPOSITE = {
    Op.EQUAL: Op.NOT_EQUAL,
    Op.NOT_EQUAL: Op.EQUAL,
    Op.MATCH: Op.NOT_MATCH,
    Op.NOT_MATCH: Op.MATCH,
}


@dataclass(slots=True)
class _Shadows:
    """The siblings so far that end the search, under something that must be known.

    A sibling takes all of a later route's alerts if each of its matchers follows from
    what that route requires. An equality follows from nothing but itself, any other
    matcher from itself or from an equality on its label: siblings are filed under the
    rarest of their matchers, so that 10,000 are not each compared with each.
    """

    frequency: Counter[Matcher]
    catch_all: Route | None = None
    by_matcher: dict[Matcher, list[Route]] = field(default_factory=dict)
    by_label: dict[str, list[Route]] = field(default_factory=dict)

    @classmethod
    def among(cls, siblings: Iterable[Route]) -> "_Shadows":
        """Begin with none of *siblings*, but knowing what matchers they have."""
        return cls(Counter(matcher for route in siblings for matcher in route.matchers))

    def add(self, route: Route) -> None:
        """File a route that has no `continue`."""
        if not route.matchers:
            self.catch_all = self.catch_all or route
            return
        rarest = min(
            route.matchers,
            key=lambda matcher: (self.frequency[matcher], matcher.op is not Op.EQUAL),
        )
        self.by_matcher.setdefault(rarest, []).append(route)
        if rarest.op is not Op.EQUAL:
            self.by_label.setdefault(rarest.name, []).append(route)

    def of(self, known: Sequence[Matcher]) -> Route | None:
        """The sibling that takes everything that satisfies *known*."""
        if self.catch_all is not None:
            return self.catch_all
        equalities = {
            matcher.name: matcher.value for matcher in known if matcher.op is Op.EQUAL
        }
        given = frozenset(known)
        for route in self._candidates(known):
            if all(_follows(matcher, given, equalities) for matcher in route.matchers):
                return route
        return None

    def _candidates(self, known: Sequence[Matcher]) -> Iterator[Route]:
        for matcher in known:
            yield from self.by_matcher.get(matcher, ())
            if matcher.op is Op.EQUAL:
                yield from self.by_label.get(matcher.name, ())


def _follows(
    matcher: Matcher, given: frozenset[Matcher], equalities: dict[str, str]
) -> bool:
    if matcher in given:
        return True
    value = equalities.get(matcher.name)
    return value is not None and matcher.accepts(value)


def _name(route: Route) -> str:
    return f"the route at {route.where}" if route.where else f"route {route.id}"


def _finding(route: Route, problem: str, fix: str) -> Finding:
    return Finding(route=route.id, where=route.where, problem=problem, fix=fix)
