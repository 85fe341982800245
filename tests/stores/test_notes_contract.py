"""Notes of every store: what a part of the daemon keeps beyond its life."""

from pathlib import Path

from round_trip import references

from alertbridge.ports import Store
from alertbridge.stores.sqlite import open_file


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


async def test_notes_are_no_settings_of_the_store(store: Store) -> None:
    """Whatever a part calls its note, it does not hold what waits."""
    await store.notes.write("held_until", "9999999999999999")

    assert (await store.notes.read("")) == {"held_until": "9999999999999999"}


async def test_notes_outlive_the_process(tmp_path: Path) -> None:
    """That is what they are for."""
    store = open_file(tmp_path / "alertbridge.db", references())
    await store.notes.write("a", "b")
    await store.close()

    again = open_file(tmp_path / "alertbridge.db", references())
    try:
        assert await again.notes.read("") == {"a": "b"}
    finally:
        await again.close()
