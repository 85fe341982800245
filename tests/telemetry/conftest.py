"""A registry of its own for each test, and logging put back afterwards."""

import logging
from collections.abc import Callable, Iterator

import pytest
import structlog

from alertbridge.telemetry import Metrics


@pytest.fixture(autouse=True)
def fresh_logging() -> Iterator[None]:
    """Put logging back as it was: its set-up is one for the whole process."""
    root = logging.getLogger()
    level = root.level
    yield
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()
    for handler in root.handlers[:]:
        if type(handler).__module__.startswith("alertbridge."):
            root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def metrics() -> Metrics:
    """Metrics of a registry of their own."""
    return Metrics(version="0.1.0", revision="abc1234")


@pytest.fixture
def value(metrics: Metrics) -> Callable[[str], float | None]:
    """Read one sample of a scrape, by its name and labels as exposed."""

    def read(sample: str) -> float | None:
        for line in metrics.exposition()[0].decode().splitlines():
            name, _, number = line.rpartition(" ")
            if name == sample:
                return float(number)
        return None

    return read
