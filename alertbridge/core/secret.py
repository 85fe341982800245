"""A value that must never be printed: tokens, passwords, signing keys."""

from typing import final


@final
class Secret:
    """Text that shows itself only to those who call `reveal`.

    Logs, tracebacks, error messages and f-strings get the mask, whatever the length.
    Not a dataclass on purpose: `dataclasses.asdict`, and everything that serialises
    by fields, would print it.

    >>> Secret("hunter2")
    Secret('***')
    >>> f"token {Secret('hunter2')}"
    'token ***'
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself: for the header or signature that needs it, no further."""
        return self._value

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return self._value == other._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"
