"""A secret shows itself only when asked by name."""

import pytest

from alertbridge.core.secret import Secret


@pytest.mark.parametrize("render", [repr, str, "{}".format, "%s".__mod__, ascii])
def test_no_way_of_printing_shows_it(render: object) -> None:
    """Logs, tracebacks and f-strings get the mask."""
    assert callable(render)

    assert "hunter2" not in render(Secret("hunter2"))


def test_reveal_gives_the_text() -> None:
    """The one door."""
    assert Secret("hunter2").reveal() == "hunter2"


def test_secrets_compare_by_value() -> None:
    """A reload can tell whether a token changed."""
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
