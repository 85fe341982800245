"""A template that fails: logged each time, and paged about once for each config.

The text it was for has left in our own words; nothing here may delay or cost a page.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import structlog

from alertbridge.core.alert import OURSELVES
from alertbridge.core.message import Draft
from alertbridge.core.meta import broken_template, unless_known
from alertbridge.engine.current import Current
from alertbridge.ports import Clock, Store, StoreUnavailable

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Fault:
    """A template that failed under one version of the config, and how."""

    version: str
    template: str
    error: str


class TemplateFaults:
    """Notices templates that fail, and tells the admins of each once."""

    def __init__(
        self, store: Store, current: Current, clock: Clock, wake: Callable[[], None]
    ) -> None:
        self._store = store
        self._current = current
        self._clock = clock
        self._wake = wake
        self._raised: set[tuple[str, str]] = set()

    def note(self, drafts: Iterable[Draft]) -> Iterator[Fault]:
        """Log every failure among *drafts*; yield those to be paged about.

        A page about ourselves that a template fails on is logged only: it would be
        about the pages that it causes.
        """
        version = self._current.rules.version
        for draft in drafts:
            if draft.template_error is None:
                continue
            name = draft.writing.template.value
            log.error("template.failed", template=name, error=draft.template_error)
            if (version, name) in self._raised:
                continue
            if all(fact.episode.source == OURSELVES for fact in draft.tells):
                continue
            self._raised.add((version, name))
            yield Fault(version, name, draft.template_error)

    async def page(self, fault: Fault) -> None:
        """Page the admins, unless that was done under this config before.

        If the store is away, the template's next failure tries again.
        """
        rules, now = self._current.rules, self._clock.now()
        made = broken_template(fault.version, fault.template, fault.error, rules, now)
        try:
            recorded = await self._store.record(
                made.keys, lambda known: unless_known(made, known), now
            )
        except StoreUnavailable as exc:
            self._raised.discard((fault.version, fault.template))
            log.error("store.failed", reason=f"meta: {exc}")
            return
        if recorded.plan.opens:
            log.error("meta.raised", cause=made.keys.group_key)
            self._wake()
