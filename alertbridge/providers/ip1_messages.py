"""iP.1's list of a batch's messages, read when a report is late or must be confirmed.

`GET /v2/batches/{id}/messages` has each message with its latest status only. What it
says counts as much as a callback, and cannot be forged by whoever learnt our address.
"""

import re
from collections.abc import Awaitable, Callable

from alertbridge.core.message import Reference
from alertbridge.core.report import Answer, DeliveryReport, NotReported, Reported
from alertbridge.providers.http_request import Answer as HttpAnswer
from alertbridge.providers.http_request import read_json
from alertbridge.providers.ip1_list import PAGE, next_page
from alertbridge.providers.ip1_reports import report_of
from alertbridge.providers.report_fields import text_of

MOST_PAGES = 10
"""Two thousand messages: twice what one of our batches holds."""

_ID = re.compile(r"[A-Za-z0-9-]{1,128}")

Ask = Callable[[str], Awaitable[HttpAnswer]]
"""Asks for a path below the base URL, query included."""


async def ask_batch(
    ask: Ask, base_url: str, reference: Reference, batch: str
) -> Answer:
    """Ask what became of every message of *batch*; doubt is a `NotReported`.

    Rows of another batch, or of one with another *reference*, are passed over.
    """
    if not _ID.fullmatch(batch):
        return NotReported("the batch has no id that could be asked for")
    path: str | None = f"/v2/batches/{batch}/messages?start=0&limit={PAGE}&order=ASC"
    seen: set[str] = set()
    reports: list[DeliveryReport] = []
    while path is not None:
        if path in seen or len(seen) == MOST_PAGES:
            return NotReported("the list of messages does not end")
        seen.add(path)
        answer = await ask(path)
        rows = read_json(answer.body)
        if answer.status != 200 or not isinstance(rows, list):
            return NotReported(f"HTTP {answer.status} for the messages of a batch")
        reports += [
            report
            for row in rows
            if (report := _report_of_row(row, batch)) is not None
            and report.reference in {"", reference}
        ]
        path = next_page(answer.link, base_url, path)
        if path == "":
            return NotReported("the list of messages leads elsewhere")
    return Reported(tuple(reports))


def _report_of_row(row: object, batch: str) -> DeliveryReport | None:
    """Read a message's latest status; None if it is none of this batch, or unclear."""
    if not isinstance(row, dict) or row.get("batchId") != batch:
        return None
    statuses = row.get("statuses")
    latest = statuses[-1] if isinstance(statuses, list) and statuses else None
    if not isinstance(latest, dict):
        return None
    return report_of(
        batch,
        text_of(row, "reference"),
        text_of(row, "recipient"),
        latest.get("code"),
        latest.get("duration"),
        text_of(latest, "created"),
    )
