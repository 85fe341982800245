"""A bit that flips in a row: the page goes to the right number, or to none."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from round_trip import MakeAlert, MakeGroup, MakeRules, references, steps_of

from alertbridge.core.message import Outcomes, Submission, Uncertain
from alertbridge.core.notification import ProviderName
from alertbridge.core.rules import Rules
from alertbridge.core.settlement import Settlement
from alertbridge.core.stand_in import keys_of_post, plan_post
from alertbridge.engine.current import Current
from alertbridge.stores import sqlite_mailbox, sqlite_uncertain
from alertbridge.stores.sqlite import SqliteStore, open_file

NOW = datetime(2026, 3, 14, 3, 12, tzinfo=UTC)
ONE = ProviderName("one")
ANNA, STRANGER = "+46701740605", "+46701740615"


@pytest.fixture
def rules(make_rules: MakeRules) -> Rules:
    """Anna, and the admins."""
    return make_rules(
        {"anna": [ANNA], "ops": ["+46701740609"]},
        receivers={"sre": ["anna"], "admins": ["ops"]},
    )


@pytest.fixture
def without_anna(make_rules: MakeRules) -> Rules:
    """The config after Anna has left: her frozen numbers are all there is."""
    return make_rules({"ops": ["+46701740609"]}, receivers={"sre": ["ops"]})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the file is."""
    return tmp_path / "alertbridge.db"


@pytest.fixture
async def store(
    path: Path, rules: Rules, alert: MakeAlert, group: MakeGroup
) -> AsyncIterator[SqliteStore]:
    """A store with one page for Anna."""
    opened = open_file(path, references())
    await opened.recover(NOW, timedelta(seconds=15))
    page = group(alert("DiskFull"))
    await opened.record(
        keys_of_post(page), lambda known: plan_post(page, rules, known, NOW), NOW
    )
    yield opened
    await opened.close()


def flip(path: Path, statement: str) -> None:
    """Change the file behind the store's back, as a disk does."""
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute(statement).rowcount > 0


async def claim(
    store: SqliteStore, rules: Rules, after: float = 0
) -> Sequence[Submission]:
    """Take what may leave."""
    now = NOW + timedelta(seconds=after)
    return (await store.claim({ONE: 9}, Current(rules), now)).submissions


def numbers(sent: Sequence[Submission]) -> set[str]:
    """Who is called."""
    return {number for one in sent for number in one.numbers}


async def ends(store: SqliteStore) -> list[tuple[str, str]]:
    """What was not told, and why."""
    return [(row.state, row.reason) for row in await store.outbox(dead=True)]


def replace(path: Path) -> None:
    """Change the number in the bytes of the file."""
    content = path.read_bytes()
    assert ANNA.encode() in content
    path.write_bytes(content.replace(ANNA.encode(), STRANGER.encode()))


CALLED = f"UPDATE message SET number = '{STRANGER}'"
FLIPPED = f"UPDATE notification SET numbers = replace(numbers, '{ANNA}', '{STRANGER}')"


async def test_frozen_numbers_that_changed_are_never_called(
    store: SqliteStore, path: Path, without_anna: Rules
) -> None:
    """B7: there is no other number of hers: the page is dead, and the admins hear."""
    flip(path, FLIPPED)

    sent = await claim(store, without_anna)
    sent = [*sent, *await claim(store, without_anna, 1)]

    assert numbers(sent) == {"+46701740609"}
    assert "store is damaged" in sent[0].text.body
    assert await ends(store) == [("dead", "damaged")]


async def test_the_configs_numbers_are_called_instead(
    store: SqliteStore, path: Path, rules: Rules
) -> None:
    """Where the config knows her, nobody needs what was frozen."""
    flip(path, FLIPPED)

    assert numbers(await claim(store, rules)) == {ANNA}


async def test_frozen_numbers_that_stand_are_called(
    store: SqliteStore, without_anna: Rules
) -> None:
    """The check does not keep pages from who has left the config."""
    assert numbers(await claim(store, without_anna)) == {ANNA}


async def test_a_page_whose_person_changed_goes_to_nobody(
    store: SqliteStore, path: Path, rules: Rules
) -> None:
    """Not to whom the row names now: the admins get a page of their own."""
    flip(path, "UPDATE mailbox SET recipient = 'ops'")
    flip(path, "UPDATE notification SET recipient = 'ops'")

    sent = [*await claim(store, rules), *await claim(store, rules, 1)]

    assert all("Disk" not in one.text.body for one in sent)
    assert await ends(store) == [("dead", "damaged")]


async def test_a_send_is_not_repeated_to_another_number(
    store: SqliteStore, path: Path, rules: Rules
) -> None:
    """Nor with another text: it is composed anew."""
    (first,) = await claim(store, rules)
    outcomes = Outcomes(Uncertain(detail="no answer"))
    steps = steps_of(first, outcomes, rules, NOW)
    await store.settle(first, Settlement(outcomes, steps), NOW)
    flip(path, CALLED)

    (second,) = await claim(store, rules, 20)

    assert second.numbers == (ANNA,)
    assert second.reference != first.reference


class Anything(int):
    """A sum that every sum is equal to."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = int.__hash__


@pytest.mark.parametrize(
    ("module", "name", "statement"),
    [
        (sqlite_mailbox, "sum_of_numbers", FLIPPED),
        (
            sqlite_uncertain,
            "sum_of_message",
            f"UPDATE message SET number = '{STRANGER}'",
        ),
    ],
)
async def test_without_the_sums_a_stranger_would_be_called(
    store: SqliteStore,
    path: Path,
    rules: Rules,
    without_anna: Rules,
    monkeypatch: pytest.MonkeyPatch,
    module: object,
    name: str,
    statement: str,
) -> None:
    """The checks above are checked: with no sum compared, the wrong phone rings."""
    monkeypatch.setattr(module, name, lambda *_: Anything())
    in_force = without_anna
    if module is sqlite_uncertain:
        in_force = rules
        (first,) = await claim(store, rules)
        outcomes = Outcomes(Uncertain(detail="no answer"))
        steps = steps_of(first, outcomes, rules, NOW)
        await store.settle(first, Settlement(outcomes, steps), NOW)
    flip(path, statement)

    assert STRANGER in numbers(await claim(store, in_force, 20))


async def test_a_number_changed_in_the_file_itself_is_found_at_the_start(
    store: SqliteStore, path: Path, without_anna: Rules
) -> None:
    """B7 on the bytes of a file that lay on a disk: not by way of SQL."""
    await store.close()
    replace(path)
    again = open_file(path, references(100))
    await again.recover(NOW, timedelta(seconds=15))

    sent = [*await claim(again, without_anna), *await claim(again, without_anna, 1)]
    await again.close()

    assert STRANGER not in numbers(sent)
    assert any("store is damaged" in one.text.body for one in sent)
