"""The end of a text: never over budget, exactly one code, and tokens nobody guesses."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.ack import (
    FIRST_CODE,
    LAST_CODE,
    TOKEN_BITS,
    AckLine,
    AckRule,
    Code,
    closings,
    free_code,
    read_token,
    sign,
    spell,
    wants_code,
    wants_token,
)
from alertbridge.core.alert import SourceName
from alertbridge.core.compose import Style, compose
from alertbridge.core.mailbox import Letter
from alertbridge.core.message import Text
from alertbridge.core.notification import (
    EpisodeId,
    EpisodeView,
    Fact,
    Kind,
    NotificationId,
)
from alertbridge.core.recipient import Msisdn
from alertbridge.core.severity import Severity

NOW = datetime(2026, 3, 14, 3, 20, tzinfo=UTC)
ADDRESS = "https://alertbridge.example.org"
RULES = [
    AckRule(codes=True),
    AckRule(address=ADDRESS),
    AckRule(codes=True, address=ADDRESS),
]
TOKEN = spell(0x1_5A5A_5A5A_5A5A_5A5A)


def fact(number: int, name: str, summary: str, kind: Kind = Kind.FIRING) -> Fact:
    """One fact of an alert."""
    return Fact(
        id=NotificationId(number),
        kind=kind,
        round=0,
        severity=Severity.CRITICAL,
        episode=EpisodeView(
            id=EpisodeId(number),
            source=SourceName("am"),
            labels={"alertname": name, "host": f"db{number}"},
            annotations={"summary": summary},
            starts_at=NOW - timedelta(minutes=8),
        ),
        receiver="sre",
        numbers=(Msisdn("+46701740605"),),
        created_at=NOW,
    )


@pytest.mark.parametrize("rule", RULES)
@given(
    summary=st.text(max_size=400),
    name=st.text(max_size=60),
    amount=st.integers(1, 30),
    budget=st.integers(1, 3),
    code=st.none() | st.integers(FIRST_CODE, LAST_CODE),
    bits=st.integers(0, 2**TOKEN_BITS - 1),
)
def test_a_text_with_its_code_and_link_stays_within_its_budget(
    rule: AckRule,
    summary: str,
    name: str,
    amount: int,
    budget: int,
    code: int | None,
    bits: int,
) -> None:
    """Whatever strangers wrote: the end is whole, and no segment more is paid for."""
    firing = tuple(fact(n, name, summary) for n in range(1, amount + 1))
    style = Style(timezone=UTC, budget=budget, closings=closings(rule))
    composed = compose(Letter(firing=firing), style, NOW)
    token = spell(bits) if wants_token(composed.closing) else None
    given_code = Code(code) if code and wants_code(composed.closing) else None
    text = sign(composed.text, composed.closing, given_code, token)

    assert composed.text.body.endswith(composed.closing)
    assert composed.text.segments <= budget
    assert text.segments <= composed.text.segments
    if composed.closing and given_code is not None:
        assert text.body.endswith(f"Ack {code}")
    if token is not None:
        assert f"{ADDRESS}/a/{token}" in text.body


def test_a_short_text_ends_with_link_and_code() -> None:
    """Nothing else of it changes."""
    letter = Letter(firing=(fact(1, "DiskFull", "disk full"),))
    plain = Style(timezone=UTC, budget=2)
    before = compose(letter, plain, NOW).text.body
    closing = replace(plain, closings=closings(RULES[2]))
    composed = compose(letter, closing, NOW)
    text = sign(composed.text, composed.closing, Code(14), TOKEN)

    assert text.body == f"{before}\n{ADDRESS}/a/{TOKEN} Ack 14"


@pytest.mark.parametrize("budget", [1, 2])
def test_a_list_that_has_no_room_keeps_its_link(budget: int) -> None:
    """What it leaves out is behind it."""
    firing = tuple(fact(n, f"Alert{n}", "bad") for n in range(40))
    style = Style(
        timezone=UTC, budget=budget, closings=closings(RULES[2], several=True)
    )
    composed = compose(Letter(firing=firing), style, NOW)

    *told, more, end = composed.text.body.split("\n")

    assert wants_token(composed.closing)
    assert composed.text.segments == budget
    assert end == composed.closing
    assert more.startswith(f"+{40 - (len(told) - 1)} more")


def test_one_alert_that_has_no_room_keeps_its_words_and_the_code() -> None:
    """Where it is matters more than a page that says the same."""
    letter = Letter(firing=(fact(1, "DiskFull", "x" * 80),))
    composed = compose(
        letter, Style(timezone=UTC, budget=1, closings=closings(RULES[2])), NOW
    )

    assert "x" * 80 in composed.text.body
    assert composed.closing == "Ack 000"


def test_without_a_free_code_the_words_go_too() -> None:
    """Not `Ack 000`, which nobody has."""
    (closing,) = closings(AckRule(codes=True))
    composed = compose(
        Letter(firing=(fact(1, "DiskFull", "disk full"),)),
        Style(timezone=UTC, budget=1, closings=(closing,)),
        NOW,
    )
    text = sign(composed.text, closing, None, None)

    assert text.body == composed.text.body.removesuffix(f"\n{closing}")


def test_an_alert_that_says_what_a_closing_says_keeps_its_words() -> None:
    """Only the end that we wrote is replaced."""
    body = "FIRING Ack 000 /a/0000000000000\nAck 000"
    measured = compose(Letter(), Style(timezone=UTC, budget=1), NOW).text
    text = sign(Text(body, measured.coding, 1), closings(RULES[0])[0], Code(99), None)

    assert text.body == "FIRING Ack 000 /a/0000000000000\nAck 99"


def test_a_text_whose_end_was_cut_is_left_as_it_is() -> None:
    """A code in the middle of nothing would cost a segment, and help nobody."""
    text = compose(Letter(), Style(timezone=UTC, budget=1), NOW).text

    assert sign(text, closings(RULES[2])[0], Code(14), TOKEN) == text


def test_without_codes_and_links_nothing_is_added() -> None:
    """The default."""
    assert closings(AckRule()) == ("",)


def test_the_lowest_free_code_is_taken() -> None:
    """Short ones first; None when all are taken."""
    everything = set(range(FIRST_CODE, LAST_CODE + 1))

    assert free_code(()) == 10
    assert free_code({10, 12}) == 11
    assert free_code(everything - {500}) == 500
    assert free_code(everything) is None


@given(st.integers(0, 2**TOKEN_BITS - 1), st.integers(0, 2**TOKEN_BITS - 1))
def test_no_two_tokens_are_spelled_alike(one: int, other: int) -> None:
    """All 65 bits are in it."""
    assert (spell(one) == spell(other)) == (one == other)
    assert read_token(spell(one).lower()) == spell(one)


def test_a_token_is_read_as_people_write_it() -> None:
    """Case is free, and what looks alike is alike."""
    assert read_token("oOiIlL0000000") == "0011110000000"


@pytest.mark.parametrize(
    "text",
    ["", "7HGK2M4QWXYZ", "7HGK2M4QWXYZAA", "7HGK2M4QWXYZU", "7HGK2M4QWXYZ\u0131"],
)
def test_what_cannot_be_a_token_is_none(text: str) -> None:
    """It costs no look-up."""
    assert read_token(text) is None


@pytest.mark.parametrize(
    ("told", "ended", "taken", "is_open"),
    [
        (Kind.FIRING, False, False, True),
        (Kind.REMINDER, False, False, True),
        (Kind.FIRING, True, False, False),
        (Kind.FIRING, False, True, False),
        (Kind.RESOLVED, False, False, False),
        (None, False, False, False),
    ],
)
def test_only_what_was_told_to_fire_and_still_does_can_be_taken(
    told: Kind | None, ended: bool, taken: bool, is_open: bool
) -> None:
    """What a text told as over is not taken by answering it."""
    view = fact(1, "A", "a").episode
    line = AckLine(
        episode=replace(view, ends_at=NOW) if ended else view,
        severity=Severity.HIGH,
        kind=told,
        acknowledged_at=NOW if taken else None,
    )

    assert line.open is is_open
