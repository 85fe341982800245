"""How bad an alert is: three classes, read from one label."""

from dataclasses import dataclass
from enum import IntEnum

from alertbridge.core.alert import Labels


class Severity(IntEnum):
    """Ordered by who goes first: the lower number leaves first."""

    CRITICAL = 0
    HIGH = 1
    LOW = 2

    @property
    def word(self) -> str:
        """The class as people write it in config and metrics."""
        return self.name.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class SeverityRule:
    """Which label says how bad it is, and which of its values mean what.

    Anything else, or no label at all, is `high`: an alert nobody classified must
    neither wake like a critical nor wait like a low one.
    """

    label: str = "severity"
    critical: frozenset[str] = frozenset({"critical", "page", "emergency", "p1"})
    low: frozenset[str] = frozenset({"info", "none", "low"})

    def classify(self, labels: Labels) -> Severity:
        """Read the class of a label set; values compare without case."""
        value = labels.get(self.label, "").strip().lower()
        if value in self.critical:
            return Severity.CRITICAL
        if value in self.low:
            return Severity.LOW
        return Severity.HIGH
