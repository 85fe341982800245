"""Grafana's signature: real ones are valid, and nothing near them is."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from alertbridge.sources.signature import Invalid, Valid, verify

Payload = Callable[[str], bytes]
Headers = Callable[[str], dict[str, str]]

SECRET = b"my-hmac-secret"
BODY = b'{"alerts":[]}'
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))


def sign(body: bytes, secret: bytes = SECRET, timestamp: str | None = None) -> str:
    """Sign as Grafana does."""
    signed = body if timestamp is None else timestamp.encode() + b":" + body
    return hmac.new(secret, signed, hashlib.sha256).hexdigest()


def test_captured_signature_is_valid(payload: Payload, headers: Headers) -> None:
    """What the real sender signed verifies, byte for byte."""
    name = "grafana/unified_hmac_default_header"
    signature = headers(name)["X-Grafana-Alerting-Signature"]

    assert verify([SECRET], payload(name), signature, None, now=NOW) == Valid()


def test_captured_signature_with_timestamp_is_valid(
    payload: Payload, headers: Headers
) -> None:
    """With a timestamp header, the timestamp is part of what is signed."""
    name = "grafana/unified_hmac_with_timestamp"
    sent = headers(name)
    then = datetime.fromtimestamp(int(sent["X-Sig-Timestamp"]), UTC)

    verdict = verify(
        [SECRET], payload(name), sent["X-Sig"], sent["X-Sig-Timestamp"], now=then
    )

    assert verdict == Valid()


@pytest.mark.parametrize("secret", [b"old", b"new"])
def test_both_secrets_of_a_rotation_are_live(secret: bytes) -> None:
    """While a secret is rotated, the sender may use either."""
    signature = sign(BODY, secret)

    assert verify([b"old", b"new"], BODY, signature, None, now=NOW) == Valid()


@pytest.mark.parametrize(
    "age",
    [
        pytest.param(timedelta(0), id="now"),
        pytest.param(timedelta(minutes=5), id="oldest"),
        pytest.param(timedelta(minutes=-5), id="furthest-ahead"),
    ],
)
def test_timestamp_within_tolerance_is_valid(age: timedelta) -> None:
    """Five minutes either way are allowed for clocks and networks."""
    signature = sign(BODY, timestamp=STAMP)

    assert verify([SECRET], BODY, signature, STAMP, now=NOW + age) == Valid()


@pytest.mark.parametrize(
    ("signature", "reason"),
    [
        pytest.param("", "no signature", id="missing"),
        pytest.param(sign(BODY)[:-1], "a malformed signature", id="truncated"),
        pytest.param(sign(BODY) + "0", "a malformed signature", id="too-long"),
        pytest.param(sign(BODY) + "\n", "a malformed signature", id="line-break"),
        pytest.param(sign(BODY).upper(), "a malformed signature", id="upper-case"),
        pytest.param("sha256=" + sign(BODY), "a malformed signature", id="prefixed"),
        pytest.param("é" * 64, "a malformed signature", id="not-ascii"),
        pytest.param("٠" * 64, "a malformed signature", id="other-digits"),
        pytest.param("0" * 64, "the signature does not match the body", id="made-up"),
        pytest.param(
            sign(BODY, b"other"),
            "the signature does not match the body",
            id="other-secret",
        ),
        pytest.param(
            sign(BODY + b"\n"),
            "the signature does not match the body",
            id="other-bytes",
        ),
        pytest.param(
            sign(BODY, timestamp=STAMP),
            "the signature does not match the body",
            id="timestamp-stripped",
        ),
    ],
)
def test_signature_is_refused(signature: str, reason: str) -> None:
    """Anything but the exact lower-case hex of the exact bytes is refused."""
    assert verify([SECRET], BODY, signature, None, now=NOW) == Invalid(reason)


@pytest.mark.parametrize(
    ("timestamp", "reason"),
    [
        pytest.param("", "no timestamp", id="missing"),
        pytest.param("-" + STAMP, "a malformed timestamp", id="negative"),
        pytest.param(STAMP + ".5", "a malformed timestamp", id="fraction"),
        pytest.param("1" + "0" * 20, "a malformed timestamp", id="huge"),
        pytest.param("٤" * 10, "a malformed timestamp", id="other-digits"),
        pytest.param("0", "the timestamp is too old", id="zero"),
        pytest.param(str(int(STAMP) - 301), "the timestamp is too old", id="old"),
        pytest.param(str(int(STAMP) + 301), "a timestamp ahead", id="ahead"),
    ],
)
def test_timestamp_is_refused(timestamp: str, reason: str) -> None:
    """A well-signed body is refused if its time is missing, malformed or off."""
    signature = sign(BODY, timestamp=timestamp)

    verdict = verify([SECRET], BODY, signature, timestamp, now=NOW)

    assert verdict == Invalid(reason)


def test_timestamp_of_another_post_is_refused() -> None:
    """A replayed body cannot be given a fresh time."""
    old = str(int(STAMP) - 3600)

    verdict = verify([SECRET], BODY, sign(BODY, timestamp=old), STAMP, now=NOW)

    assert verdict == Invalid("the signature does not match the body")


@pytest.mark.parametrize("secrets", [[], [b""]], ids=["none", "empty"])
def test_no_secret_verifies_nothing(secrets: list[bytes]) -> None:
    """What anybody could sign is not signed."""
    verdict = verify(secrets, BODY, sign(BODY, b""), None, now=NOW)

    assert verdict == Invalid("the signature does not match the body")
