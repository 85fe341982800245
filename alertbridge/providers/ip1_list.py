"""iP.1's list of batches, read to find a send whose answer nobody saw.

`GET /v2/batches` cannot be asked for a reference: it is read from the newest batch back
(`order=DESC`), page by page as its Link header leads, until every reference is found or
one of ours is met that is older than all of them. Offsets shift while batches come in,
so pages may overlap; what is asked for is never missed by that, only met twice.

The header is somebody else's: it may lead in circles, to another host, or on for ever.
"""

import re
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from urllib.parse import urljoin, urlsplit

from alertbridge.core.inquiry import Listed, Listing, NotListed
from alertbridge.core.message import Reference
from alertbridge.core.reference import made_at
from alertbridge.providers.http_request import Answer, read_json
from alertbridge.providers.http_status import MAX_ID

PAGE = 200
"""Batches in a page; the largest that iP.1's documentation shows."""

MOST_PAGES = 10

MARGIN = timedelta(minutes=10)
"""How much older than asked for a batch of ours must be before reading ends: clocks of
two hosts differ, and a batch may have been created later than its reference."""

# Some copies of the documentation print no `;` between `>` and `rel`.
_LINK = re.compile(r'<([^<>]*)>\s*;?\s*rel\s*=\s*"?([a-z]+)"?', re.IGNORECASE)

Ask = Callable[[str], Awaitable[Answer]]
"""Asks for a path below the base URL, query included."""


async def list_sent(
    ask: Ask, base_url: str, references: Collection[Reference], since: datetime
) -> Listing:
    """Look for *references*; whatever makes the answer doubtful is a `NotListed`."""
    wanted, found = set(references), dict[Reference, str]()
    path: str | None = f"/v2/batches?start=0&limit={PAGE}&order=DESC"
    seen: set[str] = set()
    while path is not None:
        if path in seen or len(seen) == MOST_PAGES:
            return NotListed("the list does not end")
        seen.add(path)
        answer = await ask(path)
        rows = read_json(answer.body)
        if answer.status != 200 or not isinstance(rows, list):
            return NotListed(f"HTTP {answer.status} for the list of batches")
        oldest = _read_page(rows, wanted, found)
        if not wanted - found.keys() or (
            oldest is not None and oldest < since - MARGIN
        ):
            break
        following = next_page(answer.link, base_url, path)
        if following == "":
            return NotListed("the list leads elsewhere")
        path = following
    return Listed(found)


def _read_page(
    rows: list[object], wanted: set[Reference], found: dict[Reference, str]
) -> datetime | None:
    """Note what is found; say when the oldest reference of ours was made."""
    oldest: datetime | None = None
    for row in rows:
        if not isinstance(row, dict) or not isinstance(row.get("reference"), str):
            continue
        reference, batch = Reference(row["reference"]), row.get("id")
        at = made_at(reference)
        if at is not None and (oldest is None or at < oldest):
            oldest = at
        if reference in wanted and isinstance(batch, str):
            # Without an id it would be told, and its reports never matched.
            found[reference] = batch[:MAX_ID]
    return oldest


def next_page(link: str, base_url: str, path: str) -> str | None:
    """Where the list at *path* goes on; None: it ends, "": it leads elsewhere."""
    own = urlsplit(path).path
    for target, relation in _LINK.findall(link):
        if relation.lower() != "next":
            continue
        try:
            there = urlsplit(urljoin(base_url + path, target))
            here = urlsplit(base_url)
            same = (there.scheme, there.hostname, there.port) == (
                here.scheme,
                here.hostname,
                here.port,
            )
        except ValueError:
            return ""
        if not same or there.username or there.path != here.path + own:
            return ""
        return f"{own}?{there.query}"
    return None
