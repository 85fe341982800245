"""How the gateway writes down a batch: for iP.1's clients, the journal, the control."""

import json
from datetime import UTC, datetime

from alertbridge.core.message import DataCoding
from alertbridge.simulator.gateway_sms import DELIVERED, Batch, Sms


def journal_line(batch: Batch) -> bytes:
    """One batch as a line of JSON."""
    document = {
        "id": batch.id,
        "at": iso(batch.at),
        "reference": batch.request.reference,
        "messages": [sms_document(sms) for sms in batch.messages],
    }
    return json.dumps(document).encode() + b"\n"


def sms_document(sms: Sms) -> dict[str, object]:
    """One SMS as the control interface and the journal show it."""
    return {
        "id": sms.id,
        "batch_id": sms.batch_id,
        "at": iso(sms.at),
        "number": sms.number,
        "sender": sms.sender,
        "text": sms.text.body,
        "segments": sms.text.segments,
        "coding": str(sms.text.coding),
        "priority": sms.priority,
        "reference": sms.reference,
    }


def batch_document(batch: Batch, now: datetime) -> dict[str, object]:
    """A batch as iP.1 lists it."""
    request = batch.request
    windows = [
        {
            name: iso(at)
            for name, at in (("opens", window.opens), ("closes", window.closes))
            if at is not None
        }
        for window in request.windows
    ]
    return {
        "id": batch.id,
        "owner": "ip1-00000",
        "sender": request.sender,
        "body": request.body,
        "direction": "mt",
        "type": request.type,
        "datacoding": request.datacoding,
        "priority": request.priority,
        "templated": request.templated,
        "deliveryWindows": windows,
        "status": min(sms.latest(now) for sms in batch.messages),
        "deliveryReportUrl": request.report_url,
        "reference": request.reference,
        "tags": list(request.tags),
    }


def summary_document(batch: Batch, now: datetime) -> dict[str, object]:
    """How many of a batch's messages have which status: for a batch asked for alone."""
    counts: dict[str, dict[str, int]] = {}
    for sms in batch.messages:
        count = counts.setdefault(str(sms.latest(now)), {"messages": 0, "sms": 0})
        count["messages"] += 1
        count["sms"] += sms.text.segments
    return {"messageSummary": counts}


def message_document(sms: Sms, now: datetime, *, history: bool) -> dict[str, object]:
    """A message as iP.1 shows it: in a list with its latest status, alone with all."""
    statuses = sms.statuses(now)
    return {
        "id": sms.id,
        "batchId": sms.batch_id,
        "owner": "ip1-00000",
        "sender": sms.sender,
        "recipient": sms.number.removeprefix("+"),
        "body": sms.text.body,
        "direction": "mt",
        "segments": sms.text.segments,
        "type": "SMS",
        "datacoding": "gsm" if sms.text.coding is DataCoding.GSM else "ucs",
        "priority": sms.priority,
        "statuses": [
            {"created": iso(at), "code": code, "duration": int(code >= DELIVERED)}
            for at, code in (statuses if history else statuses[-1:])
        ],
        "modified": iso(statuses[-1][0]),
        "reference": sms.reference,
    }


def iso(at: datetime) -> str:
    """A time as iP.1 writes it, with the fraction that tests need."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
