"""Damaged files: what can be read still leaves, to nobody else, and intake goes on."""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from round_trip import MakeAlert, MakeGroup, MakeRules, references, steps_of

from alertbridge.core.alert import AlertGroup
from alertbridge.core.message import Accepted, Outcomes, Submission
from alertbridge.core.notification import ProviderName
from alertbridge.core.rules import Rules
from alertbridge.core.settlement import Settlement
from alertbridge.core.stand_in import keys_of_post, plan_post
from alertbridge.engine.current import Current
from alertbridge.ports import StoreUnavailable
from alertbridge.stores.sqlite import SqliteStore, open_file
from alertbridge.stores.sqlite_schema import open_writer

NOW = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
ONE = ProviderName("one")
PEOPLE = {f"p{n}": (f"+4670174061{n}",) for n in range(8)}
GONE = {"gone": ("+46701740699",)}
"""Somebody the config no longer has: told on the numbers that were frozen."""

ALLOWED = {
    (name, number) for name, numbers in {**PEOPLE, **GONE}.items() for number in numbers
}
SEEDS = range(int(os.environ.get("ALERTBRIDGE_SALVAGE_SEEDS", "60")))
"""Damages tried; the long run takes 1000."""


@pytest.fixture
def now_rules(make_rules: MakeRules) -> Rules:
    """What is in force when the damaged file is opened."""
    return make_rules(PEOPLE)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is."""
    return tmp_path / "alertbridge.db"


async def record(store: SqliteStore, post: AlertGroup, rules: Rules, at: int) -> None:
    """Take a post."""
    now = NOW + timedelta(seconds=at)
    await store.record(
        keys_of_post(post), lambda known: plan_post(post, rules, known, now), now
    )


@pytest.fixture
async def original(
    path: Path, make_rules: MakeRules, alert: MakeAlert, group: MakeGroup
) -> dict[str, bytes]:
    """A store in the middle of its work, as its file: waiting, in flight, over."""
    rules = make_rules({**PEOPLE, **GONE})
    store = open_file(path, references())
    await store.recover(NOW, timedelta(seconds=15))
    for n in range(12):
        post = group(alert(f"Before{n}", host=f"db{n}"), key=f"{n}")
        await record(store, post, rules, n)
    await store.claim({ONE: 3}, Current(rules), NOW + timedelta(seconds=20))
    for n in range(4):
        over = group(alert(f"Before{n}", host=f"db{n}", ends=30), key=f"{n}")
        await record(store, over, rules, 30 + n)
    await store.probe(NOW)
    await store.close()
    return {file.name: file.read_bytes() for file in path.parent.iterdir()}


@pytest.fixture
def restore(path: Path, original: dict[str, bytes]) -> Callable[[], None]:
    """Put that file back, and nothing else."""

    def put_back() -> None:
        for file in path.parent.iterdir():
            file.unlink()
        for name, content in original.items():
            (path.parent / name).write_bytes(content)

    return put_back


def damage(path: Path, seed: int) -> str:
    """Damage one page of a file in one of the ways that disks do; says which."""
    dice = random.Random(seed)
    content = bytearray(path.read_bytes())
    page = dice.randrange(len(content) // 4096)
    first = page * 4096
    match way := dice.choice(["zero", "noise", "bits", "cut", "elsewhere"]):
        case "zero":
            content[first : first + 4096] = bytes(4096)
        case "noise":
            content[first : first + 4096] = dice.randbytes(4096)
        case "bits":
            for _ in range(dice.choice([1, 1, 4, 64])):
                at = first + dice.randrange(4096)
                content[at] ^= 1 << dice.randrange(8)
        case "cut":
            del content[first + dice.choice([0, 512, 2048]) :]
        case _:
            other = dice.randrange(len(content) // 4096) * 4096
            content[first : first + 4096] = content[other : other + 4096]
    path.write_bytes(content)
    return f"seed {seed}: {way} at page {page + 1}"


async def start(
    path: Path, rules: Rules, post: AlertGroup
) -> tuple[list[Submission], set[str]]:
    """Start on a file, take a page, send what may leave; three starts at the most.

    Says what was sent, and who was told of that page.
    """
    failed: list[str] = []
    for _ in range(3):
        store = open_file(path, references(1000))
        try:
            at = NOW + timedelta(minutes=5)
            await store.recover(at, timedelta(seconds=15))
            await record(store, post, rules, 300)
            sent: list[Submission] = []
            for later in (0, 20, 60, 700, 1400, 2100):
                when = at + timedelta(seconds=later)
                claimed = await store.claim({ONE: 500}, Current(rules), when)
                sent += claimed.submissions
                for one in claimed.submissions:
                    outcomes = Outcomes(Accepted())
                    steps = steps_of(one, outcomes, rules, when)
                    await store.settle(one, Settlement(outcomes, steps), when)
            heard = {
                row.recipient
                for row in await store.history(limit=1000)
                if row.alert == "Fresh" and row.state == "told"
            }
        except StoreUnavailable as exc:
            # The process would end here, and systemd start the next.
            failed.append(str(exc))
        else:
            return sent, heard
        finally:
            await store.close()
    raise AssertionError(f"three starts, and it still does not work: {failed}")


def told(sent: list[Submission]) -> set[tuple[str, str]]:
    """Who was called on which number."""
    return {(m.recipient, m.number) for one in sent for m in one.messages}


async def test_every_damage_ends_in_a_store_that_works(
    path: Path,
    restore: Callable[[], None],
    now_rules: Rules,
    alert: MakeAlert,
    group: MakeGroup,
) -> None:
    """B6: never a crash loop, never a wrong number, and what comes in leaves."""
    fresh = group(alert("Fresh"), key="fresh")
    for seed in SEEDS:
        restore()
        where = damage(path, seed)
        try:
            sent, heard = await start(path, now_rules, fresh)
        except Exception as exc:
            raise AssertionError(where) from exc

        assert told(sent) <= ALLOWED, where
        assert heard == set(PEOPLE), where


def waiting(path: Path) -> int:
    """How many pages of a file are not told yet."""
    with closing(open_writer(str(path))) as db:
        (found,) = db.execute(
            "SELECT count(*) FROM notification WHERE state IN ('waiting', 'in_flight')"
        ).fetchone()
        return int(found)


def spoil(path: Path, what: str) -> bytes:
    """Spoil one part of a file; says what it is now."""
    content = bytearray(path.read_bytes())
    match what:
        case "header":
            content[:100] = bytes(100)
        case "end":
            del content[len(content) * 3 // 4 :]
        case _:
            content[-8 * 4096 : -6 * 4096] = random.Random(1).randbytes(2 * 4096)
    path.write_bytes(content)
    return bytes(content)


def read(path: Path) -> bytes:
    """What is in a file."""
    return path.read_bytes()


@pytest.mark.parametrize("what", ["header", "end", "noise after the schema"])
async def test_pages_are_recovered_and_the_rest_is_counted(
    path: Path, restore: Callable[[], None], what: str
) -> None:
    """The admins hear how many came out, how many may not have, and where it lies."""
    restore()
    before = waiting(path)
    restore()
    content = spoil(path, what)

    store = open_file(path, references(1000))
    await store.recover(NOW + timedelta(seconds=30), timedelta(seconds=15))
    (incident,) = store.incidents()
    await store.close()
    after = waiting(path)
    aside = list(path.parent.glob("alertbridge.db.corrupt-*Z"))

    assert incident.cause == "StoreDamaged"
    assert f"{after} waiting pages were recovered" in incident.summary
    assert [read(file) for file in aside] == [content]
    assert aside[0].name in incident.summary
    if what == "header":
        assert (after, "none seems lost" in incident.summary) == (before, True)
    else:
        assert f"up to {before - after} may be lost" in incident.summary or (
            after == before
        )


async def test_a_sound_file_is_left_alone(
    path: Path, restore: Callable[[], None]
) -> None:
    """Nothing is put aside, and nobody is told anything."""
    restore()
    store = open_file(path, references(1000))
    await store.recover(NOW + timedelta(days=3), timedelta(seconds=15))
    found = store.incidents()
    await store.close()

    assert list(found) == []
    assert list(path.parent.glob("*.corrupt-*")) == []


async def test_a_salvage_that_was_killed_is_finished(
    path: Path, restore: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it was killed: the old file, or the whole new one, is there."""
    for step in range(6):
        restore()
        before = waiting(path)
        restore()
        spoil(path, "header")
        left = iter(range(step))

        def die(*_: object, left: Iterator[int] = left, **__: object) -> None:
            """Stand for a kill at one of the file operations of the swap."""
            if next(left, None) is None:
                raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            for name in ("replace", "rename", "link"):
                wrapped = getattr(os, name)

                def call(
                    *a: object,
                    wrapped: Callable[..., object] = wrapped,
                    die: Callable[..., None] = die,
                    **k: object,
                ) -> object:
                    die()
                    return wrapped(*a, **k)

                patch.setattr(os, name, call)
            with suppress(KeyboardInterrupt):
                await open_file(path, references()).close()

        store = open_file(path, references(1000))
        incidents = store.incidents()
        await store.close()

        assert [one.cause for one in incidents][:1] == ["StoreDamaged"], step
        assert waiting(path) == before, step
