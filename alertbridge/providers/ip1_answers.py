"""What an answer of iP.1 means for our messages: accepted, not sent, unclear, refused.

The success status and the error body of `POST /v2/batches` are not documented, so any
2xx with a batch id counts, and bodies are read leniently: the shape of validation
errors is unknown, and problem details with field paths is what its platform writes by
default.
"""

from collections.abc import Sequence
from datetime import datetime

from alertbridge.core.message import Outcomes
from alertbridge.core.recipient import Msisdn
from alertbridge.providers.batch_answers import classify_batch
from alertbridge.providers.http_request import Answer, read_json
from alertbridge.providers.http_status import read_retry_after

__all__ = ["Answer", "classify", "read_retry_after"]


def classify(answer: Answer, numbers: Sequence[Msisdn], now: datetime) -> Outcomes:
    """Translate an answer to a submission for *numbers* into what became of each."""
    return classify_batch(
        answer, numbers, now, explained=_explains(read_json(answer.body))
    )


def _explains(document: object) -> bool:
    """Whether an error document (RFC 9457) says more than its status does."""
    return isinstance(document, dict) and bool(
        document.get("detail") or document.get("errors")
    )
