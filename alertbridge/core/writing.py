"""How texts are to be written: what the config says, and the line that says it."""

from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

BUILT_IN = "built-in"
"""Names the built-in text where a template may be named; no template is called so."""


@dataclass(frozen=True, slots=True)
class Said(Generic[T]):
    """A value and where it was said: `file:line`, or nothing if it is the default."""

    value: T
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTexts:
    """What a route says of the texts about what it took; already inherited.

    None: nothing is said, here or above. `critical` and `other` are segments.
    """

    template: Said[str] | None = None
    critical: Said[int] | None = None
    other: Said[int] | None = None

    def under(self, outer: "RouteTexts") -> "RouteTexts":
        """What holds for a route that says this below one that says *outer*."""
        return RouteTexts(
            template=self.template or outer.template,
            critical=self.critical or outer.critical,
            other=self.other or outer.other,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What one text was written by: whose words, and the most segments it may take.

    `template` is `BUILT_IN` or a template's name.
    """

    template: Said[str]
    budget: Said[int]
