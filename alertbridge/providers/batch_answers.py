"""What an answer means where one request carries many numbers: who of them got it."""

from collections.abc import Sequence
from datetime import datetime

from alertbridge.core.message import Outcomes
from alertbridge.core.recipient import Msisdn
from alertbridge.providers.blame import blamed, refuse
from alertbridge.providers.http_request import Answer, read_json
from alertbridge.providers.http_status import (
    Ruling,
    refusal_of,
    rule,
    taken,
)


def classify_batch(
    answer: Answer,
    numbers: Sequence[Msisdn],
    now: datetime,
    *,
    explained: bool,
) -> Outcomes:
    """Translate an answer to a batch for *numbers*; its id is the member `id`.

    *explained* says whether the body of a 404, 405 or 415 is the gateway's own word;
    of a 400 or 422 any JSON is.
    """
    document = read_json(answer.body)
    if 200 <= answer.status < 300:
        batch = document.get("id") if isinstance(document, dict) else None
        return Outcomes(taken(answer, batch, "batch id"))
    ruling, words = rule(answer.status)
    if ruling is Ruling.BAD_REQUEST:
        bad = blamed(answer.body or b"", numbers)
        # All of many named is an echo of our request, not blame.
        if bad and not (len(numbers) > 1 and len(bad) == len(numbers)):
            return refuse(numbers, bad, f"HTTP {answer.status}: {words}")
        # They write JSON: anything else is a proxy's, and tells nothing of the message.
        explained = bool(bad) or document is not None
    return Outcomes(refusal_of(answer, now, explained=explained))
