"""Our segments are those of two libraries that were written without us.

smsutil cuts texts into parts; gsmcodecs has the alphabet, generated from the
specification. Random texts are built around the lengths where a part ends: 20,000 of
them; all 100,000 with

    ALERTBRIDGE_SEGMENT_CASES=100000 pytest tests/core/test_segments_against_oracles.py

which takes a quarter of a minute. `ALERTBRIDGE_SEGMENT_SEED` throws the dice anew.
"""

import os
import random
from collections.abc import Iterator

import gsmcodecs  # noqa: F401  registers the codec by being imported
import pytest
import smsutil

from alertbridge.core.encoding import measure, split
from alertbridge.core.gsm import DEFAULT_ALPHABET, EXTENSION_TABLE, septets
from alertbridge.core.message import DataCoding

CASES = int(os.environ.get("ALERTBRIDGE_SEGMENT_CASES", "20000"))
SEED = int(os.environ.get("ALERTBRIDGE_SEGMENT_SEED", "2026"))

GSM_CODEC = "gsm23.038"
PLAIN = DEFAULT_ALPHABET.replace("\n", "")
"""smsutil's own check takes a line break at the end for the end of the text."""

NARROW = "çāžłкдشه磁盘–…’"
WIDE = "🔥💾🚨🇸🇪👍"
MIXTURES = (
    (PLAIN,),
    (EXTENSION_TABLE,),
    (WIDE,),
    (PLAIN, EXTENSION_TABLE),
    (PLAIN, NARROW),
    (PLAIN, WIDE),
    (PLAIN, EXTENSION_TABLE, NARROW, WIDE),
)
EDGES = (1, 35, 66, 67, 69, 70, 71, 133, 134, 135, 153, 160, 161, 201, 306, 307, 459)


def texts() -> Iterator[str]:
    """Random texts of every mixture, most of them about as long as some parts."""
    dice = random.Random(SEED)
    for _ in range(CASES):
        length = max(1, dice.choice(EDGES) + dice.randint(-4, 4))
        alphabets = dice.choice(MIXTURES)
        weights = [dice.random() ** 3 for _ in alphabets]
        chosen = dice.choices(alphabets, weights, k=length)
        yield "".join(dice.choice(alphabet) for alphabet in chosen)


@pytest.mark.timeout(600)
def test_parts_are_those_of_smsutil() -> None:
    """Coding, number and text of the parts agree for every random text."""
    for text in texts():
        oracle = smsutil.split(text)
        ours = measure(text)

        coding = "gsm0338" if ours.coding is DataCoding.GSM else "utf_16_be"
        assert coding == oracle.encoding, (SEED, text)
        assert ours.segments == len(oracle.parts), (SEED, text)
        assert split(text) == tuple(part.content for part in oracle.parts), (SEED, text)


def test_septets_are_those_of_gsmcodecs() -> None:
    """Every character there is costs what the specification's table says."""
    for code in range(0x110000):
        character = chr(code)
        expected = len(character.encode(GSM_CODEC, "ignore"))

        assert septets(character) == expected, hex(code)
