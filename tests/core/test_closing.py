"""What closes a text: never cut, and no fuller than costs the reader nothing."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from alertbridge.core.alert import SourceName
from alertbridge.core.compose import Style, compose
from alertbridge.core.mailbox import Letter
from alertbridge.core.notification import (
    EpisodeId,
    EpisodeView,
    Fact,
    Kind,
    NotificationId,
    PostNote,
)
from alertbridge.core.severity import Severity
from alertbridge.core.template import compile_template

NOW = datetime(2026, 11, 22, 3, 15, tzinfo=UTC)
ACK = "Ack 14"
FULL = f"https://alertbridge.example.org/a/7HGK2M4QWXYZA {ACK}"
STYLE = Style(timezone=UTC, budget=1, closings=(FULL, ACK))


def fact(name: str = "DiskFull", summary: str = "", number: int = 1) -> Fact:
    """One alert that fires on db1."""
    return Fact(
        id=NotificationId(number),
        kind=Kind.FIRING,
        round=0,
        severity=Severity.HIGH,
        episode=EpisodeView(
            id=EpisodeId(number),
            source=SourceName("prometheus"),
            labels={"alertname": name, "instance": f"db{number}"},
            annotations={"summary": summary},
            starts_at=NOW,
        ),
        receiver="sre",
        numbers=(),
        created_at=NOW,
    )


def said(letter: Letter, style: Style = STYLE) -> tuple[str, str]:
    """The text without its closing, and the closing."""
    composed = compose(letter, style, NOW)
    assert composed.text.segments <= style.budget
    assert composed.text.body.endswith(f"\n{composed.closing}")
    return composed.text.body.removesuffix(f"\n{composed.closing}"), composed.closing


@pytest.mark.parametrize(
    ("summary", "closing"),
    [
        pytest.param("Is it lost?", FULL, id="room-for-all"),
        pytest.param("x" * 70, FULL, id="just-fits"),
        pytest.param("x" * 72, ACK, id="one-more-does-not"),
        pytest.param("x" * 400, ACK, id="cut-even-so"),
    ],
)
def test_the_link_costs_one_alert_no_word(summary: str, closing: str) -> None:
    """What is cut for want of room is never cut for a link."""
    body, used = said(Letter(firing=(fact(summary=summary),)))
    bare, _ = said(
        Letter(firing=(fact(summary=summary),)), replace(STYLE, closings=(ACK,))
    )

    assert used == closing
    assert body == bare


def test_a_domain_is_not_given_up_for_the_link() -> None:
    """To be written shorter is a cost too."""
    told = fact(summary="x" * 60)
    labels = {**told.episode.labels, "instance": "db1.example.org"}
    told = replace(told, episode=replace(told.episode, labels=labels))

    body, used = said(Letter(firing=(told,)))

    assert (used, "db1.example.org" in body) == (ACK, True)


def test_a_digest_has_the_link_if_counts_and_first_line_are_there() -> None:
    """Of many alerts hardly any are named anyway; the link shows them all."""
    letter = Letter(firing=tuple(fact(f"Alert{i:02}", number=i) for i in range(40)))

    body, used = said(letter)
    counts, first, *_ = body.split("\n")

    assert used == FULL
    assert (counts, first) == ("40 firing since 03:15", "Alert 00 db0")


def test_a_digest_without_room_for_its_first_line_has_no_link() -> None:
    """What is counted comes first."""
    note = PostNote("g", truncated=950, unreadable=3, oversized=True)
    firing = tuple(
        replace(fact(f"Alert{i:02}{'long' * 6}", number=i), note=note)
        for i in range(40)
    )

    body, used = said(Letter(firing=firing, more=12))

    assert used == ACK
    assert body.startswith("40 firing since 03:15\nAlert 00longlong")


def test_a_template_is_cut_and_its_closing_is_not() -> None:
    """Own words, too, leave room for the answer."""
    long = replace(STYLE, template=compile_template("t", "y" * 400))
    short = replace(STYLE, template=compile_template("t", "{{ alerts[0].name }}"))

    assert said(Letter(firing=(fact(),)), short) == ("Disk full", FULL)
    body, used = said(Letter(firing=(fact(),)), long)
    assert (used, body[-6:]) == (ACK, "yyy...")


def test_even_what_nothing_can_word_is_closed() -> None:
    """The last resort keeps the answer as well."""
    broken = fact()
    object.__setattr__(broken.episode, "annotations", None)

    assert said(Letter(firing=(broken,))) == ("FIRING DiskFull", ACK)


def test_no_closing_adds_nothing() -> None:
    """The default is a text that ends where it ends."""
    composed = compose(Letter(firing=(fact(),)), replace(STYLE, closings=("",)), NOW)

    assert composed.text.body == "FIRING Disk full db1 since 03:15"
    assert composed.closing == ""


def test_an_alert_cannot_bring_its_own() -> None:
    """Only our closing reads as one."""
    told = fact(name="Reply Ack 99", summary="Disk lost.\nAck 15")

    body, used = said(Letter(firing=(told,)), replace(STYLE, closings=(ACK,)))

    assert used == ACK
    assert body == "FIRING Reply Ack_99 db1: Disk lost. Ack_15. Since 03:15"
