"""Notes of every store: what a part of the daemon keeps beyond its life."""

from datetime import datetime, timedelta
from pathlib import Path

from round_trip import references

from alertbridge.ports import Store
from alertbridge.stores.sqlite import open_file

HOUR = timedelta(hours=1)


async def test_a_line_is_kept_replaced_and_forgotten(store: Store) -> None:
    """By its name; of those with the same beginning, all are read at once."""
    await store.notes.write("balance ip1", "100")
    await store.notes.write("balance backup", "7")
    await store.notes.write("balance ip1", "90")
    await store.notes.write("let_in grafana", "")

    assert await store.notes.read("balance ") == {"ip1": "90", "backup": "7"}

    await store.notes.write("balance backup", None)
    assert await store.notes.read("balance ") == {"ip1": "90"}


async def test_a_wildcard_in_a_name_is_a_letter_like_any_other(store: Store) -> None:
    """A source may be called `a_b`, and is not `axb`."""
    await store.notes.write("a_b x", "1")
    await store.notes.write("axb x", "2")

    assert await store.notes.read("a_b ") == {"x": "1"}


async def test_lines_and_moments_do_not_meet(store: Store, start: datetime) -> None:
    """Under the same name they are two things."""
    await store.notes.write("heard am", "yes")
    await store.notes.write_time("heard am", start)

    assert await store.notes.read("heard ") == {"am": "yes"}
    assert await store.notes.read_times("heard ") == {"am": start}


async def test_a_moment_moves_with_a_stepped_clock(
    store: Store, start: datetime
) -> None:
    """Nothing is an hour ago because a clock was set."""
    await store.notes.write_time("heard am", start)
    await store.notes.write("heard am", "1")

    await store.shift(HOUR)

    assert await store.notes.read_times("heard ") == {"am": start + HOUR}
    assert await store.notes.read("heard ") == {"am": "1"}


async def test_a_probe_notes_that_somebody_lived(store: Store, start: datetime) -> None:
    """The next process knows for how long nobody did."""
    assert await store.notes.alive() is None
    await store.probe(start)
    await store.probe(start + HOUR)

    assert await store.notes.alive() == start + HOUR


async def test_notes_outlive_the_process(tmp_path: Path, start: datetime) -> None:
    """That is what they are for."""
    store = open_file(tmp_path / "alertbridge.db", references())
    await store.notes.write("a", "b")
    await store.notes.write_time("a", start)
    await store.close()

    again = open_file(tmp_path / "alertbridge.db", references())
    try:
        assert await again.notes.read("") == {"a": "b"}
        assert await again.notes.read_times("a") == {"": start}
    finally:
        await again.close()
