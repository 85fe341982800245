"""The console shows what a phone would, and cannot be made to show anything else."""

import io
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from alertbridge.core.encoding import measure
from alertbridge.core.message import Accepted, Submission, Uncertain
from alertbridge.core.notification import ProviderName
from alertbridge.providers.bubble import columns, render_bubble
from alertbridge.providers.console import Console

NOW = datetime(2026, 1, 15, 3, 12, tzinfo=UTC)

MakeSubmission = Callable[..., Submission]


def test_a_bubble_shows_time_sender_text_and_cost() -> None:
    """All that a reader of a demo wants to know."""
    drawn = render_bubble(
        measure("CRITICAL DiskFull db1 /var: Disk is 97% full. Since 03:12"),
        to="anna",
        at=NOW,
        sender="iP1",
    )

    assert drawn == (
        "  03:12 iP1 to anna\n"
        " ╭──────────────────────────────────────────────╮\n"
        " │ CRITICAL DiskFull db1 /var: Disk is 97%      │\n"
        " │ full. Since 03:12                            │\n"
        " ╰──────────────────────────────────────────────╯\n"
        "  1 segment, gsm\n"
    )


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("磁盘已满" * 20, id="cjk"),
        pytest.param("🔥" * 50, id="emoji"),
        pytest.param("x" * 200, id="one-long-word"),
        pytest.param("a\n\nb", id="blank-line"),
        pytest.param("", id="empty"),
        pytest.param("e\u0301" * 30, id="combining"),
    ],
)
def test_the_frame_stays_straight(body: str) -> None:
    """Wide and combining characters are counted as the terminal counts them."""
    lines = render_bubble(measure(body), to="anna", at=NOW).split("\n")[1:-2]

    assert {columns(line) for line in lines} == {49}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("\x1b[2J\x1b[31mred", id="escape-sequence"),
        pytest.param("a\rb\x08c", id="carriage-return"),
        pytest.param("\u202eesrever", id="bidi-override"),
        pytest.param("\x9b31m", id="c1-control"),
        pytest.param("\ud83d", id="lone-surrogate"),
    ],
)
def test_control_characters_are_spelt_out(body: str) -> None:
    """A label value cannot repaint the terminal of the one who reads."""
    drawn = render_bubble(measure(body), to="anna", at=NOW)

    assert not set(body) & set(drawn) & set("\x1b\r\x08\u202e\x9b\ud83d")


async def test_each_number_gets_a_bubble_and_is_masked(
    make_submission: MakeSubmission,
) -> None:
    """Standard output ends up in a journal."""
    stream = io.StringIO()
    provider = Console(ProviderName("console"), stream)

    outcomes = await provider.submit(make_submission("+46701740605", "+46701740606"))

    assert isinstance(outcomes.all, Accepted)
    assert stream.getvalue().count("canary-text-7f3a") == 2
    assert "46701740605" not in stream.getvalue()


async def test_an_ascii_terminal_gets_the_page_too(
    make_submission: MakeSubmission,
) -> None:
    """Question marks for the frame, not an exception."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")

    await Console(ProviderName("console"), stream).submit(make_submission())

    assert b"canary-text-7f3a" in raw.getvalue()


async def test_a_closed_stream_is_uncertain(make_submission: MakeSubmission) -> None:
    """What nobody saw is not called accepted."""
    stream = io.StringIO()
    stream.close()

    outcomes = await Console(ProviderName("console"), stream).submit(make_submission())

    assert isinstance(outcomes.all, Uncertain)


async def test_check_says_that_no_sms_is_sent() -> None:
    """The operator who forgot to change it reads it here."""
    lines = await Console(ProviderName("console"), io.StringIO()).check()

    assert "sends no SMS" in lines[0]
