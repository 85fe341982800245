"""Which letters a text is written in."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.gsm import is_gsm
from alertbridge.core.script import Script, in_script, spelled

PERSIAN = "دیسک سرور پر شد"


@pytest.mark.parametrize(
    ("text", "script", "expected"),
    [
        ("Łódź reçu", "auto", "Lodz recu"),
        ("Smörgåsbord", "auto", "Smörgåsbord"),
        ("Disk full 🔥 on db1", "auto", "Disk full on db1"),
        ("CPU σ > 3", "auto", "CPU s > 3"),
        (PERSIAN, "auto", PERSIAN),
        ("磁盘 db1 已满了", "auto", "磁盘 db1 已满了"),
        (
            "磁盘已满 on the database server",
            "auto",
            "CiPanYiMan on the database server",
        ),
        ("🔥🔥", "auto", "🔥🔥"),
        ("Диск полон", "latin", "Disk polon"),
        ("🔥🔥", "latin", ":fire::fire:"),
        ("Łódź", "own", "Łódź"),
    ],
)
def test_in_script(text: str, script: str, expected: str) -> None:
    """Odd letters are spelled out, another script stays, as the reader wants it."""
    assert in_script(text, Script(script)) == expected


@given(st.text(st.characters(exclude_categories=("C", "Z")), max_size=60))
def test_latin_is_always_gsm(text: str) -> None:
    """And never nothing, if there was something."""
    assert is_gsm(in_script(text, Script.LATIN))
    assert bool(spelled(text)) == bool(text.strip())


@given(st.text(max_size=60))
def test_own_changes_nothing(text: str) -> None:
    """Never."""
    assert in_script(text, Script.OWN) == text
