"""Verify Grafana's HMAC signature: bytes in, verdict out.

Grafana signs with lower-case hex HMAC-SHA256, without a prefix: over the raw body, or,
if a timestamp header is configured there, over `timestamp + ":" + raw body`, with the
timestamp in decimal Unix seconds. Method, path and other headers are not covered, and
without the timestamp a body can be replayed for ever.
"""

import hashlib
import hmac
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

TOLERANCE = timedelta(minutes=5)
"""How far a timestamp may be off, either way."""

_SIGNATURE = re.compile(r"[0-9a-f]{64}")
# Ten digits reach the year 2286; a longer one could not be compared as a time at all.
_TIMESTAMP = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True)
class Valid:
    """One of the secrets made the signature, and the timestamp is fresh."""


@dataclass(frozen=True, slots=True)
class Invalid:
    """Not to be trusted; the reason is for our log, never for the sender."""

    reason: str


Verdict = Valid | Invalid


def verify(
    secrets: Sequence[bytes],
    body: bytes,
    signature: str,
    timestamp: str | None,
    *,
    now: datetime,
    tolerance: timedelta = TOLERANCE,
) -> Verdict:
    """Say whether a holder of one of *secrets* signed *body* within *tolerance*.

    Several secrets are live while one is rotated. *signature* and *timestamp* are the
    header values, "" where the request has none; *timestamp* is None only if the
    source is configured without one. The time it takes does not depend on the secrets.
    """
    if _SIGNATURE.fullmatch(signature) is None:
        return Invalid("no signature" if not signature else "a malformed signature")
    signed = body
    if timestamp is not None:
        if _TIMESTAMP.fullmatch(timestamp) is None:
            return Invalid("no timestamp" if not timestamp else "a malformed timestamp")
        signed = timestamp.encode("ascii") + b":" + body
    if not _made_by_one_of(secrets, signed, signature):
        return Invalid("the signature does not match the body")
    if timestamp is not None:
        age = now.timestamp() - int(timestamp)
        if abs(age) > tolerance.total_seconds():
            return Invalid(
                "the timestamp is too old" if age > 0 else "a timestamp ahead"
            )
    return Valid()


def _made_by_one_of(secrets: Sequence[bytes], signed: bytes, signature: str) -> bool:
    made = False
    for secret in secrets:
        # An empty secret is no secret: anybody can sign with it.
        expected = hmac.new(secret, signed, hashlib.sha256).hexdigest()
        made |= bool(secret) and hmac.compare_digest(expected, signature)
    return made
