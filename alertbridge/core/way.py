"""The ways to a person: each number by each provider that serves it, in order."""

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from alertbridge.core.notification import Fact, ProviderName, Way
from alertbridge.core.recipient import Msisdn

Countries = Mapping[ProviderName, tuple[str, ...]]
"""The beginnings of the numbers that a provider serves, `+46` for one; a provider that
is not in it serves all."""

EVERYWHERE: Countries = MappingProxyType({})


def ways_of(
    numbers: Iterable[Msisdn],
    providers: Iterable[ProviderName],
    countries: Countries = EVERYWHERE,
) -> tuple[Way, ...]:
    """Every (number, provider), in the order to try them: numbers, then providers.

    A number that no provider serves is tried by all: somebody may take it.
    """
    numbers, providers = tuple(numbers), tuple(providers)
    served = {
        number: frozenset(
            provider
            for provider in providers
            if provider not in countries or number.startswith(countries[provider])
        )
        for number in numbers
    }
    return tuple(
        Way(number, provider)
        for provider in providers
        for number in numbers
        if provider in served[number] or not served[number]
    )


def choose_way(
    facts: Sequence[Fact],
    ways: Sequence[Way],
    skipped: frozenset[Msisdn],
    used_up: frozenset[ProviderName] = frozenset(),
    resting: frozenset[ProviderName] = frozenset(),
) -> Way:
    """Pick the next of *ways*, which are in the order to try them.

    A way that was refused for any of the facts comes last; before it one by a provider
    that is *resting*, one whose budget is *used_up*, then a number that recently gave a
    permanent error, then a provider whose answer nobody saw. None is ruled out: when
    nothing else is left, a doubtful way beats silence.
    """
    refusals = [way for fact in facts for way in fact.tried]
    doubted = {fact.doubted for fact in facts}
    return min(
        ways,
        key=lambda way: (
            refusals.count(way),
            way.provider in resting,
            way.provider in used_up,
            way.number in skipped,
            way.provider in doubted,
        ),
    )


def ways_left(fact: Fact, refused: Way, ways: Sequence[Way]) -> bool:
    """Whether one of *ways* is neither *refused* nor was refused before."""
    gone = {*fact.tried, refused}
    return any(way not in gone for way in ways)
