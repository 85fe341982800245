"""A trouble of alertbridge or around it, as its page says it."""

from dataclasses import dataclass

from alertbridge.core.alert import OURSELVES, GroupKey, fingerprint_of
from alertbridge.core.plan import Keys
from alertbridge.core.severity import Severity


@dataclass(frozen=True, slots=True)
class Cause:
    """Which trouble: its name, and whom it is about where there are several."""

    name: str
    about: str = ""

    @property
    def keys(self) -> Keys:
        """What the store must gather before anything about it can be decided."""
        # Hashed: it may be about somebody whose number is his name.
        fingerprint = fingerprint_of({"trouble": self.name, "about": self.about})
        return Keys(OURSELVES, self.name, GroupKey(self.name), (fingerprint,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """One trouble, as its page says it.

    `lasts` tells a state, which somebody will say is over, from something that happens
    and is past.
    """

    cause: Cause
    summary: str
    severity: Severity = Severity.CRITICAL
    lasts: bool = True
