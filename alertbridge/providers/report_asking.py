"""Asking what became of one message: one GET, and what of its answer is believed.

The id stands in the path of a URL, and came from a gateway once: one that could lead
elsewhere is not asked about. An answer counts only if it is about that id, and about
our reference where it has one.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from alertbridge.core.message import Reference
from alertbridge.core.report import Answer, DeliveryReport, NotReported, Reported
from alertbridge.ports import PayloadError, ProviderCheckFailed
from alertbridge.providers.http_request import HttpGateway, Request, read_members

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


async def ask_about(
    reference: Reference,
    provider_id: str,
    http: HttpGateway,
    request: Callable[[str], Request],
    read: Callable[[Mapping[str, object]], Iterable[DeliveryReport]],
) -> Answer:
    """Ask what became of *provider_id*, our *reference*; doubt is a `NotReported`.

    *request* makes the question of the id, *read* reads the JSON object that comes
    back; it may raise `PayloadError`. Takes 10 seconds at most, as every request.
    """
    if not _ID.fullmatch(provider_id):
        return NotReported("the message has no id that could be asked for")
    try:
        answer = await http.ask(request(provider_id))
    except ProviderCheckFailed as exc:
        return NotReported(str(exc))
    members = read_members(answer.body)
    if answer.status != 200 or not members:
        return NotReported(f"HTTP {answer.status}, and no report in it")
    try:
        reports = tuple(read(members))
    except PayloadError as exc:
        return NotReported(str(exc))
    if any(
        report.provider_id != provider_id or report.reference not in {"", reference}
        for report in reports
    ):
        return NotReported("an answer about another message")
    return Reported(reports)
