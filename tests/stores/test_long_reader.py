"""Somebody reads for long: writes go on, and the log is cut back; it is never us."""

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from round_trip import references

from alertbridge.core.alert import SourceName
from alertbridge.core.notification import EpisodeId
from alertbridge.stores.sqlite import open_file
from alertbridge.stores.sqlite_schema import LARGEST_LOG

NOW = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)


async def test_a_long_read_stops_no_write_and_the_log_shrinks_after_it(
    tmp_path: Path,
) -> None:
    """B10: the log grows past its usual 16 MiB, and is not kept that large."""
    path = tmp_path / "alertbridge.db"
    log = path.with_name("alertbridge.db-wal")
    store = open_file(path, references())
    await store.recover(NOW, timedelta(seconds=15))
    body = b"x" * 64_000
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM episode").fetchone()
        for n in range(800):
            await store.quarantine(SourceName("am"), f"{n}", body, NOW)
        grown = log.stat().st_size
    # One copies the log into the file, the next begins it anew.
    for n in range(3):
        await store.quarantine(SourceName("am"), f"after {n}", body, NOW)
    after = log.stat().st_size
    kept = len(await store.quarantined(limit=10_000))
    await store.close()

    assert grown > LARGEST_LOG
    assert after <= LARGEST_LOG
    assert kept == 803


def is_read(path: Path) -> bool:
    """Whether somebody still reads what the log held a moment ago."""
    with closing(sqlite3.connect(path, timeout=0)) as db:
        (busy, _, _) = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return bool(busy)


async def test_no_read_of_ours_outlives_its_answer(tmp_path: Path) -> None:
    """B10: whatever is asked, the log can be emptied once it is answered."""
    path = tmp_path / "alertbridge.db"
    store = open_file(path, references())
    await store.recover(NOW, timedelta(seconds=15))
    await store.quarantine(SourceName("am"), "odd", b"x", NOW)
    questions: dict[str, Callable[[], Awaitable[object]]] = {
        "history": lambda: store.history(limit=10_000),
        "show": lambda: store.show(EpisodeId(1)),
        "outbox": lambda: store.outbox(limit=10_000),
        "quarantined": lambda: store.quarantined(limit=10_000),
        "depth": lambda: store.depth(NOW),
        "recall": lambda: store.recall(NOW, NOW),
        "followed": store.followed,
        "backup": lambda: store.backup(tmp_path / "copy.db"),
    }
    held: list[str] = []
    for name, ask in questions.items():
        await store.quarantine(SourceName("am"), name, b"x", NOW)
        await ask()
        if is_read(path):
            held.append(name)

    # What the check sees of somebody who does read on.
    with closing(sqlite3.connect(path)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM episode").fetchone()
        await store.quarantine(SourceName("am"), "last", b"x", NOW)
        seen = is_read(path)
    await store.close()

    assert held == []
    assert seen
