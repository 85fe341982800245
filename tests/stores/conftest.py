"""The stores there are: what is promised of one is promised of all."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from round_trip import references

from alertbridge.ports import Store
from alertbridge.stores.memory import open_memory
from alertbridge.stores.sqlite import open_file


@pytest.fixture(params=["memory", "file"])
async def store(
    request: pytest.FixtureRequest, tmp_path: Path, start: datetime
) -> AsyncIterator[Store]:
    """Each store there is, empty and recovered."""
    if request.param == "memory":
        opened = open_memory(references())
    else:
        opened = open_file(tmp_path / "alertbridge.db", references())
    await opened.recover(start, timedelta(seconds=15))
    yield opened
    await opened.close()
