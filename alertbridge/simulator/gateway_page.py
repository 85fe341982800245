"""Lists in pages, as iP.1 cuts them: `start`, `limit`, `order`, and a Link header."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")

MAX_LIMIT = 1000
"""Ours: iP.1's largest page is not documented (its example asks for 200)."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page, and the Link header that leads to the others."""

    rows: tuple[Row, ...]
    link: str


def cut_page(
    rows: Sequence[Row], query: Mapping[str, str], url: str, *, loose: bool = False
) -> Page[Row] | None:
    """Cut the page that *query* asks for out of *rows*, oldest first.

    *loose* writes the header without the `;` before `rel`, as some copies of the
    documentation do. None if the parameters are no good.
    """
    start, limit = _whole(query.get("start", "0")), _whole(query.get("limit", "50"))
    order = query.get("order", "ASC").upper()
    if start is None or limit is None or not 1 <= limit <= MAX_LIMIT:
        return None
    if order not in {"ASC", "DESC"}:
        return None
    ordered = list(rows) if order == "ASC" else list(reversed(rows))
    last = (len(rows) - 1) // limit * limit if rows else 0
    starts = {"self": start, "first": 0}
    if start > 0:
        starts["prev"] = max(start - limit, 0)
    if start + limit < len(rows):
        starts["next"] = start + limit
    starts["last"] = last
    mark = "" if loose else ";"
    link = ", ".join(
        f'<{url}?start={at}&limit={limit}&order={order}>{mark} rel="{name}"'
        for name, at in starts.items()
    )
    return Page(tuple(ordered[start : start + limit]), link)


def _whole(text: str) -> int | None:
    if len(text) < 10 and text.isascii() and text.isdigit():
        return int(text)
    return None
