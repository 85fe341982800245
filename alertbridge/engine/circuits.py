"""The circuits of the providers in force, and the questions that close them."""

import asyncio
from collections.abc import Callable, Mapping

import structlog

from alertbridge.core.circuit import Circuit, after_probe, after_request, broken
from alertbridge.core.message import Outcome
from alertbridge.core.notification import ProviderName
from alertbridge.engine.current import Current
from alertbridge.ports import Provider, ProviderCheckFailed

log = structlog.get_logger()

PROBE_EVERY = 15.0
"""Seconds between two questions to a provider whose circuit is open."""

QUIET = 60.0
"""Seconds without a word of a provider after which it is asked, where the outside wants
to know whether a page could leave."""

LONGEST_PROBE = 12.0


class Circuits:
    """Knows which providers to prefer others to; gone with the process.

    What a restart forgets is learnt again from two requests.
    """

    def __init__(self, current: Current) -> None:
        self._current = current
        self._current.resting = frozenset()
        self._circuits: dict[ProviderName, Circuit] = {}
        self._heard: dict[ProviderName, float] = {}
        self._any_open = asyncio.Event()

    def reachable(self) -> bool:
        """Whether a page could leave by at least one of the providers in force."""
        return any(
            self._circuits.get(name, Circuit()).is_reachable
            for name in self._current.rules.providers
        )

    def note(self, name: ProviderName, outcome: Outcome) -> bool:
        """Take a request into account; True if the circuit opens by it."""
        self._heard[name] = asyncio.get_running_loop().time()
        before = self._circuits.get(name, Circuit())
        after = after_request(before, outcome)
        self._keep(name, after)
        return after.is_open and not before.is_open

    def open(self, name: ProviderName) -> bool:
        """Prefer others to it at once; True if the circuit opens by it."""
        was_open = self._circuits.get(name, Circuit()).is_open
        self._keep(name, broken())
        return not was_open

    async def probe(self, providers: Mapping[ProviderName, Provider]) -> bool:
        """Ask every provider whose circuit is open; True if one may be tried again."""
        closed = False
        for name in self._current.resting & providers.keys():
            closed = await self._ask(name, providers[name]) or closed
        return closed

    async def ask_quiet(
        self,
        providers: Mapping[ProviderName, Provider],
        quiet: float = QUIET,
        again: float = PROBE_EVERY,
    ) -> None:
        """Ask every provider of which nothing was heard for *quiet* seconds.

        What did not answer is asked *again* sooner. An open circuit has its own probes.
        """
        for name in providers.keys() - self._current.resting:
            unanswered = self._circuits.get(name, Circuit()).unanswered
            heard = self._heard.get(name)
            waits = again if unanswered else quiet
            now = asyncio.get_running_loop().time()
            if heard is None or now - heard >= waits:
                await self._ask(name, providers[name])

    async def _ask(self, name: ProviderName, provider: Provider) -> bool:
        answered = await _answers(provider)
        self._heard[name] = asyncio.get_running_loop().time()
        # A request may have been answered meanwhile, and knows better.
        known = self._circuits.get(name, Circuit())
        self._keep(name, after_probe(known, answered=answered))
        return answered

    def _keep(self, name: ProviderName, circuit: Circuit) -> None:
        """The one place where a circuit opens or closes, so that each is said once."""
        was_open = self._circuits.get(name, Circuit()).is_open
        self._circuits[name] = circuit
        if circuit.is_open and not was_open:
            log.warning("circuit.opened", provider=name)
        if was_open and not circuit.is_open:
            log.info("circuit.closed", provider=name)
        self._current.resting = frozenset(
            name for name, known in self._circuits.items() if known.is_open
        )
        if self._current.resting:
            self._any_open.set()
        else:
            self._any_open.clear()

    async def wait_open(self) -> None:
        """Wait until a circuit is open."""
        await self._any_open.wait()


async def _answers(provider: Provider) -> bool:
    try:
        async with asyncio.timeout(LONGEST_PROBE):
            await provider.check()
    except (ProviderCheckFailed, TimeoutError):
        return False
    except Exception as exc:  # noqa: BLE001
        # The bulkhead, as for a submission: a bug here must not end the process.
        log.error("request.failed", path="probe", error=type(exc).__name__)
        return False
    return True


async def keep_probing_providers(
    circuits: Circuits,
    providers: Callable[[], Mapping[ProviderName, Provider]],
    wake: Callable[[], None],
) -> None:
    """Ask what is open now and then, until cancelled."""
    while True:
        await circuits.wait_open()
        await asyncio.sleep(PROBE_EVERY)
        if await circuits.probe(providers()):
            wake()


async def keep_asking(
    circuits: Circuits,
    providers: Callable[[], Mapping[ProviderName, Provider]],
    *,
    quiet: float = QUIET,
    every: float = PROBE_EVERY,
) -> None:
    """Ask what is quiet, with a look *every* so many seconds, until cancelled.

    Else a daemon with nothing to send would not know that nothing can be sent.
    """
    while True:
        await circuits.ask_quiet(providers(), quiet, every)
        await asyncio.sleep(every)
