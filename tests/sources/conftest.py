"""What the tests of the sources share: real bodies, a source, an instant."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from alertbridge.core.alert import AlertGroup, SourceName
from alertbridge.sources import SOURCES

PAYLOADS = Path(__file__).parent.parent / "payloads"


@pytest.fixture
def now() -> datetime:
    """An hour after most of the bodies were captured."""
    return datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture
def payload() -> Callable[[str], bytes]:
    """Read the exact bytes of a captured body."""
    return lambda name: (PAYLOADS / f"{name}.json").read_bytes()


@pytest.fixture
def headers() -> Callable[[str], dict[str, str]]:
    """Read the headers that a captured body came with."""

    def read(name: str) -> dict[str, str]:
        said = json.loads((PAYLOADS / f"{name}.headers.json").read_bytes())
        return dict(said["headers"])

    return read


@pytest.fixture
def parse(now: datetime) -> Callable[[str, object], AlertGroup]:
    """Parse a body (bytes, or what JSON makes of a value) as a source type does."""

    def read(source_type: str, body: object) -> AlertGroup:
        posted = body if isinstance(body, bytes) else json.dumps(body).encode()
        return SOURCES[source_type](posted, SourceName("here"), now=now)

    return read
