"""A migration that is killed at any of its writes: the next start goes on with it."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest
from tracer import may_attach

from alertbridge.core.message import Reference
from alertbridge.stores import sqlite_schema
from alertbridge.stores.sqlite import SqliteStore, open_file
from alertbridge.stores.sqlite_schema import known_version, migrations

pytestmark = [
    pytest.mark.scenario,
    pytest.mark.skipif(not may_attach(), reason="no strace, or it may not attach"),
]

EVERY = int(os.environ.get("ALERTBRIDGE_KILL_EVERY", "60"))
"""Every so many writes one is the last; the long run takes 1."""

PROGRAM = Path(__file__).parent / "programs" / "open_store.py"

OLD_ROWS = """
INSERT INTO episode (id, source, fingerprint, group_key, labels, annotations,
  generator_url, severity, starts_at, opened_seen)
  VALUES (1, 'am', 'f', 'g', '{"alertname": "DiskFull"}', '{}', '', 0, 5, 7);
INSERT INTO notification (id, episode, kind, round, recipient, state, reason,
  severity, receiver, place, numbers, mutes, tried, uncertain, post, created_at)
  VALUES (1, 1, 'firing', 0, 'anna', 'waiting', 'news', 0, 'sre', '',
  '["+46701740605"]', '', '', 0, 0, 7);
INSERT INTO mailbox VALUES ('anna', 0, 7, 0, 0, 0, NULL, NULL);
"""


def opened(path: Path) -> SqliteStore:
    """Open it in this process."""
    return open_file(path, (Reference(f"r-{n}") for n in count()))


@pytest.fixture
async def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of the first schema, with a page that waits."""
    path = tmp_path / "old" / "alertbridge.db"
    with monkeypatch.context() as patch:
        patch.setattr(sqlite_schema, "migrations", lambda: migrations()[:1])
        await opened(path).close()
    with closing(sqlite3.connect(path)) as db:
        db.executescript(OLD_ROWS)
    return path


@pytest.fixture
def killed(old: Path, tmp_path: Path) -> Callable[[str, int], tuple[Path, bool]]:
    """Migrate a copy, and kill that at the n-th call; says where, and if it was."""

    def run(call: str, n: int) -> tuple[Path, bool]:
        folder = tmp_path / f"{call}-{n}"
        shutil.copytree(old.parent, folder)
        done = subprocess.run(
            [
                *("strace", "-f", "-o", "/dev/null"),
                *("-e", f"trace={call}", "-e", f"inject={call}:signal=KILL:when={n}"),
                *(sys.executable, str(PROGRAM), str(folder / "alertbridge.db")),
            ],
            check=False,
            capture_output=True,
        )
        was = done.returncode in (-signal.SIGKILL, 128 + signal.SIGKILL)
        assert was or done.returncode == 0, done.stderr
        return folder / "alertbridge.db", was

    return run


@pytest.mark.parametrize("call", ["pwrite64", "fdatasync", "unlink"])
async def test_a_killed_migration_is_gone_on_with(
    killed: Callable[[str, int], tuple[Path, bool]], call: str
) -> None:
    """B12: at every write, sync and deletion; what waited waits still."""
    kills = 0
    for n in count(1, EVERY if call == "pwrite64" else max(EVERY // 5, 1)):
        path, was = killed(call, n)
        store = opened(path)
        waiting = await store.outbox()
        incidents = store.incidents()
        await store.close()
        with closing(sqlite3.connect(path)) as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()

        assert [(row.alert, row.recipient) for row in waiting] == [("DiskFull", "anna")]
        assert (version, list(incidents)) == (known_version(), [])
        if not was:
            break
        kills += 1
    assert kills > 0
