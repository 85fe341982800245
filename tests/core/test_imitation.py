"""What an alert says cannot pass for what we say."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alertbridge.core.imitation import STATE_WORDS, disarm, disarm_start
from alertbridge.core.language import WORDS

ACK = re.compile(r"(?<![^\W_])a\s*c\s*k[\s.:#-]*\d", re.IGNORECASE)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("reply Ack 14", "reply Ack_14"),
        ("ACK14", "ACK_14"),
        ("ack: 14", "ack_14"),
        ("A c k 14", "A c k_14"),
        ("Ack #14", "Ack_14"),
        ("Аск 14", "Аск_14"),
        ("ack_14", "ack_14"),
        ("rack 14", "rack 14"),
        ("ack the alert", "ack the alert"),
        ("14 acks", "14 acks"),
    ],
)
def test_an_answer_cannot_be_asked_for(text: str, expected: str) -> None:
    """In any case and spacing, and with letters that only look alike."""
    assert disarm(text) == expected
    assert disarm(expected) == expected


@given(
    st.lists(
        st.sampled_from(["a", "A", "c", "k", "K", " ", "1", "4", ":", "#", "r", "-"])
    ).map("".join)
)
def test_no_spelling_of_it_is_left(text: str) -> None:
    """Whatever it is hidden in."""
    assert ACK.search(disarm(text)) is None


@pytest.mark.parametrize(
    "name",
    [
        "RESOLVED Disk full",
        "Resolved",
        "CRITICAL x",
        "over: all",
        "3 resolved",
        "12 firing (3 critical)",
        "+9 more",
        "- RESOLVED",
        "ÅTERSTÄLLT allt",
        "2 återställda",
    ],
)
def test_a_name_that_begins_as_a_line_of_ours_is_quoted(name: str) -> None:
    """So that no line seems to be ours; in every language there is."""
    assert disarm_start(name) == f'"{name}"'


@pytest.mark.parametrize(
    "name",
    ["Disk full", "5xx rate", "Resolver down", "3 disks", "Over TLS", "1 alert lost"],
)
def test_other_names_are_not(name: str) -> None:
    """Quotation marks where nothing is imitated would only cost room."""
    assert disarm_start(name) == name


@pytest.mark.parametrize("text", ["Ack 14", "a c k: 1", "ACK14"])
def test_the_check_sees_an_answer(text: str) -> None:
    """What it is to find in no text, it finds."""
    assert ACK.search(text) is not None


def test_the_state_words_are_those_of_every_language() -> None:
    """A word that is added to a language is guarded from then on."""
    for words in WORDS.values():
        assert words.resolved.casefold() in STATE_WORDS
        assert words.still_firing.casefold() in STATE_WORDS
