"""One lane per provider: how many requests are under way, and how many may begin."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from alertbridge.core.notification import ProviderName
from alertbridge.engine.rate import Rate
from alertbridge.ports import Lister, Provider

IN_PROGRESS = 16
"""Requests under way at one provider: a gateway that takes 10 s for each still takes
1.6 a second, and one that takes 200 ms all that its account allows."""


@dataclass(slots=True)
class Lane:
    """A provider, and how much it is used."""

    provider: Provider
    rate: Rate
    in_progress: int = 0

    def begin(self, now: float) -> None:
        """Note that a request begins; *now* is monotonic seconds."""
        self.rate.take(now)
        self.in_progress += 1

    def places(self, now: float) -> int:
        """How many requests may begin now."""
        return min(self.rate.places(now), IN_PROGRESS - self.in_progress)


class Lanes:
    """The lanes of the providers in force."""

    def __init__(self, providers: Mapping[ProviderName, Provider]) -> None:
        self._lanes = {
            name: Lane(provider, Rate(provider.requests_per_second))
            for name, provider in providers.items()
        }

    def replace(self, providers: Mapping[ProviderName, Provider]) -> None:
        """Use these from now on; an account keeps the count of its requests."""
        lanes: dict[ProviderName, Lane] = {}
        for name, provider in providers.items():
            lane = self._lanes.get(name)
            if lane is None:
                lane = Lane(provider, Rate(provider.requests_per_second))
            else:
                # The same lane: requests under way must give their places back to it.
                lane.provider = provider
                lane.rate.allow(provider.requests_per_second)
            lanes[name] = lane
        self._lanes = lanes

    def of(self, name: ProviderName) -> Lane:
        """The lane of one provider."""
        return self._lanes[name]

    def names(self) -> tuple[ProviderName, ...]:
        """The providers in force, in the order to try them."""
        return tuple(self._lanes)

    def providers(self) -> Mapping[ProviderName, Provider]:
        """The providers themselves."""
        return {name: lane.provider for name, lane in self._lanes.items()}

    def widest(self) -> Mapping[ProviderName, int]:
        """How many numbers one request to each may carry."""
        return {n: lane.provider.most_numbers for n, lane in self._lanes.items()}

    def listers(self) -> Mapping[ProviderName, Lister]:
        """The providers that can be asked what they have taken."""
        return {
            name: lane.provider
            for name, lane in self._lanes.items()
            if isinstance(lane.provider, Lister)
        }

    def ready(self, now: float) -> dict[ProviderName, int]:
        """How many requests may begin now, by provider."""
        return {name: lane.places(now) for name, lane in self._lanes.items()}

    def waits(self, now: float) -> Iterable[float]:
        """For how many seconds each provider lets nothing begin."""
        return (lane.rate.wait(now) for lane in self._lanes.values())
