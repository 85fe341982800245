"""The last config that loaded is kept so that a typo does not end paging."""

import os
import stat
from pathlib import Path

import pytest

from alertbridge.config import fallback, keep


def test_what_was_kept_is_found(tmp_path: Path) -> None:
    """The copy is the text, byte for byte."""
    keep("å: 1\r\n", tmp_path)

    path = fallback(tmp_path)

    assert path is not None
    assert path.read_bytes() == "å: 1\r\n".encode()


def test_before_the_first_there_is_none(tmp_path: Path) -> None:
    """A first start with a broken file has nothing to fall back to."""
    assert fallback(tmp_path) is None


def test_the_later_copy_takes_the_place_of_the_earlier(tmp_path: Path) -> None:
    """There is one copy, and nothing is left beside it."""
    keep("a: 1\n", tmp_path)
    keep("a: 2\n", tmp_path)

    assert [path.read_text() for path in tmp_path.iterdir()] == ["a: 2\n"]


def test_only_the_owner_may_read_it(tmp_path: Path) -> None:
    """It holds everybody's phone numbers."""
    before = os.umask(0)
    try:
        keep("a: 1\n", tmp_path)
    finally:
        os.umask(before)

    path = fallback(tmp_path)

    assert path is not None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_symlink_in_its_place_is_replaced_and_not_followed(tmp_path: Path) -> None:
    """Nobody's other file is overwritten."""
    victim = tmp_path / "victim"
    victim.write_text("mine")
    state = tmp_path / "state"
    state.mkdir()
    (state / "last-good.yaml").symlink_to(victim)

    keep("a: 1\n", state)

    assert victim.read_text() == "mine"


def test_without_a_directory_the_caller_is_told(tmp_path: Path) -> None:
    """The daemon goes on without a copy, and says so."""
    with pytest.raises(OSError, match="No such file"):
        keep("a: 1\n", tmp_path / "absent")
