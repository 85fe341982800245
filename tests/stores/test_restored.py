"""A file that went back in time: said, and held if old; a long stop is none of it."""

import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from round_trip import MakeAlert, MakeGroup, references, steps_of

from alertbridge.core.alert import AlertGroup
from alertbridge.core.message import Accepted, Outcomes
from alertbridge.core.notification import ProviderName
from alertbridge.core.rules import Rules
from alertbridge.core.settlement import Settlement
from alertbridge.core.stand_in import keys_of_post, plan_post
from alertbridge.engine.current import Current
from alertbridge.stores.sqlite import SqliteStore, open_file

NOW = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
ONE = ProviderName("one")
WAIT = timedelta(seconds=15)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is."""
    return tmp_path / "live" / "alertbridge.db"


@pytest.fixture
def page(alert: MakeAlert, group: MakeGroup) -> Callable[[str], AlertGroup]:
    """Build a post of one alert."""
    return lambda name: group(alert(name), key=name)


async def record(store: SqliteStore, post: AlertGroup, rules: Rules) -> None:
    """Take a post."""
    await store.record(
        keys_of_post(post), lambda known: plan_post(post, rules, known, NOW), NOW
    )


async def leaving(store: SqliteStore, rules: Rules, now: datetime) -> set[str]:
    """Which alerts leave now, and are told."""
    claimed = await store.claim({ONE: 9}, Current(rules), now)
    for one in claimed.submissions:
        outcomes = Outcomes(Accepted())
        settlement = Settlement(outcomes, steps_of(one, outcomes, rules, now))
        await store.settle(one, settlement, now)
    return {
        fact.episode.labels["alertname"]
        for one in claimed.submissions
        for message in one.messages
        for fact in message.tells
    }


async def begin(path: Path, page: AlertGroup, rules: Rules) -> SqliteStore:
    """A store with one page that waits."""
    store = open_file(path, references())
    await store.recover(NOW, WAIT)
    await record(store, page, rules)
    await store.probe(NOW)
    return store


@pytest.mark.parametrize(("minutes", "held"), [(14, False), (16, True)])
async def test_an_old_backup_that_is_put_back_is_held(
    path: Path,
    page: Callable[[str], AlertGroup],
    rules: Rules,
    minutes: int,
    held: bool,
) -> None:
    """B13: until an operator releases it; what comes in meanwhile leaves."""
    store = await begin(path, page("Old"), rules)
    copy = path.with_name("copy.db")
    await store.backup(copy)
    await store.close()
    again = open_file(copy, references(100))
    later = NOW + minutes * MINUTE
    await again.recover(later, WAIT)
    (incident,) = again.incidents()
    await record(again, page("New"), rules)
    at_once = await leaving(again, rules, later)
    restored = (await again.depth(later)).restored
    # The next start, and a reload, hold it still.
    await again.recover(later, WAIT)
    await again.rehold(lambda _: None, later)
    still = await leaving(again, rules, later + MINUTE)
    await again.hold(None)
    released = await leaving(again, rules, later + 2 * MINUTE)
    await again.close()

    assert "restored from a copy" in incident.summary
    assert ("1 pages in it are held" in incident.summary) is held
    assert at_once == ({"New"} if held else {"New", "Old"})
    assert (restored, still) == (int(held), set())
    assert released == ({"Old"} if held else set())


async def test_a_long_stop_holds_nothing(
    path: Path, page: Callable[[str], AlertGroup], rules: Rules
) -> None:
    """What waited over a weekend's power cut leaves: nobody was told of it."""
    store = await begin(path, page("Old"), rules)
    await store.close()
    again = open_file(path, references(100))
    later = NOW + timedelta(days=3)
    await again.recover(later, WAIT)
    found = await leaving(again, rules, later)
    incidents = again.incidents()
    await again.close()

    assert found == {"Old"}
    assert list(incidents) == []


async def test_a_log_that_was_deleted_is_missed(
    path: Path, page: Callable[[str], AlertGroup], rules: Rules
) -> None:
    """B8: what it held is lost, and that is said, with from when on."""
    store = await begin(path, page("Old"), rules)
    killed = path.parent.parent / "killed"
    shutil.copytree(path.parent, killed)
    await store.close()
    (killed / "alertbridge.db-wal").unlink()
    again = open_file(killed / "alertbridge.db", references(100))
    await again.recover(NOW + MINUTE, WAIT)
    (incident,) = again.incidents()
    await again.close()

    assert incident.cause == "StoreWentBack"
    assert "pages since may be lost" in incident.summary


async def test_a_log_that_is_there_is_read(
    path: Path, page: Callable[[str], AlertGroup], rules: Rules
) -> None:
    """A kill is none of it, nor an index of another log, which is made anew."""
    store = await begin(path, page("Old"), rules)
    killed = path.parent.parent / "killed"
    shutil.copytree(path.parent, killed)
    await store.close()
    (killed / "alertbridge.db-shm").write_bytes(b"\xff" * 32768)
    again = open_file(killed / "alertbridge.db", references(100))
    await again.recover(NOW + MINUTE, WAIT)
    found = await leaving(again, rules, NOW + MINUTE)
    incidents = again.incidents()
    await again.close()

    assert found == {"Old"}
    assert list(incidents) == []


async def test_an_old_file_put_back_beside_its_mark_is_held(
    path: Path, page: Callable[[str], AlertGroup], rules: Rules
) -> None:
    """B13 without our own backup: a copied file is behind the mark of the live one."""
    store = await begin(path, page("Old"), rules)
    await store.close()
    snapshot = path.with_name("snapshot")
    shutil.copy(path, snapshot)
    store = open_file(path, references(50))
    await store.recover(NOW + MINUTE, WAIT)
    await store.probe(NOW + MINUTE)
    await store.close()
    snapshot.replace(path)
    again = open_file(path, references(100))
    later = NOW + timedelta(hours=2)
    await again.recover(later, WAIT)
    (incident,) = again.incidents()
    found = await leaving(again, rules, later)
    await again.close()

    assert found == set()
    assert "an old file put back" in incident.summary
    assert "outbox release" in incident.summary


async def test_a_log_that_is_damaged_is_missed_too(
    path: Path, page: Callable[[str], AlertGroup], rules: Rules
) -> None:
    """SQLite takes a frame that does not add up for the end of the log, in silence."""
    store = await begin(path, page("Old"), rules)
    killed = path.parent.parent / "killed"
    shutil.copytree(path.parent, killed)
    await store.close()
    flip_a_bit(killed / "alertbridge.db-wal")
    again = open_file(killed / "alertbridge.db", references(100))
    await again.recover(NOW + MINUTE, WAIT)
    (incident,) = again.incidents()
    await again.close()

    assert incident.cause == "StoreWentBack"


def flip_a_bit(file: Path) -> None:
    """Flip one in the middle of its last third."""
    content = bytearray(file.read_bytes())
    content[len(content) * 5 // 6] ^= 4
    file.write_bytes(content)
