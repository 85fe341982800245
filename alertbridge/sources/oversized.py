"""Read what came of a body that was longer than the limit.

The biggest incident makes the biggest body. Refusing it would lose the page: no sender
posts it again any smaller. So the beginning that was kept is read alert by alert, in
one pass.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from json import JSONDecodeError

from alertbridge.core.alert import AlertGroup, SourceName
from alertbridge.sources.alertmanager import read_group, read_receiver
from alertbridge.sources.reading import DECODER, MOST_ALERTS, decode

SALVAGEABLE = frozenset({"alertmanager", "grafana", "grafana_legacy"})
"""Types whose bodies hold an `alerts` array."""

_SPACE = re.compile(r"[ \t\r\n]*")


def salvage(
    prefix: bytes, source: SourceName, source_type: str, *, now: datetime
) -> AlertGroup | None:
    """Read the complete alerts at the beginning of a body; None if there are none.

    The group says that it is oversized: nobody knows how many alerts are missing.
    """
    if source_type not in SALVAGEABLE:
        return None
    document = _read_beginning(decode(prefix))
    elements = document.get("alerts")
    if not isinstance(elements, list):
        return None
    document.setdefault("groupKey", _stable_key(document, elements))
    group = read_group(document, source, now=now, oversized=True)
    if len(group.unreadable) == len(elements):
        return None
    return group


def _read_beginning(document: str) -> dict[str, object]:
    """Read the pairs of the outermost object as far as they are complete."""
    pairs: dict[str, object] = {}
    at = _skip(document, 0)
    mark = "{"
    while document.startswith(mark, at):
        mark = ","
        try:
            key, at = DECODER.raw_decode(document, _skip(document, at + 1))
            at = _skip(document, at)
            if not isinstance(key, str) or not document.startswith(":", at):
                break
            at = _skip(document, at + 1)
            if key == "alerts" and document.startswith("[", at):
                pairs[key], at = _read_elements(document, at)
            else:
                value, at = DECODER.raw_decode(document, at)
                # A number that touches the cut may have lost its last digits.
                if at < len(document):
                    pairs[key] = value
        except (JSONDecodeError, RecursionError):
            break
        at = _skip(document, at)
    return pairs


def _read_elements(document: str, at: int) -> tuple[list[object], int]:
    """Read the complete elements of the array that opens at *at*, and where it ends.

    Beyond the most that are looked at nothing is read, not even to be counted: how many
    the cut took is unknown anyway.
    """
    elements: list[object] = []
    mark = "["
    while document.startswith(mark, at):
        if len(elements) == MOST_ALERTS:
            return elements, len(document)
        mark = ","
        try:
            element, at = DECODER.raw_decode(document, _skip(document, at + 1))
        except (JSONDecodeError, RecursionError):
            return elements, len(document)
        elements.append(element)
        at = _skip(document, at)
    return elements, at + 1


def _skip(document: str, at: int) -> int:
    space = _SPACE.match(document, at)
    return at if space is None else space.end()


def _stable_key(document: Mapping[str, object], elements: Sequence[object]) -> str:
    """Make a group key from what later posts of the group will begin with, too.

    The sender's comes after the alerts and is lost. The receiver, and the name if all
    alerts share one, stay the same while the alerts themselves come and go.
    """
    names = {_alertname(element) for element in elements}
    name = names.pop() if len(names) == 1 else ""
    return f"oversized:{read_receiver(document.get('receiver'))}:{name}"


def _alertname(element: object) -> str:
    labels = element.get("labels") if isinstance(element, dict) else None
    name = labels.get("alertname") if isinstance(labels, dict) else None
    return name if isinstance(name, str) else ""
