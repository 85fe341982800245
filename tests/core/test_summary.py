"""What annotations are cleaned of: what machines put there for machines."""

import pytest

from alertbridge.core.cleaning import clean
from alertbridge.core.summary import briefer, first_sentence, tidy, without_places


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "Node is filling up (< 9%)\n VALUE = 8.3\n LABELS = map[a:b c:d:1]",
            "Node is filling up (< 9%)",
        ),
        ("Disk is full. LABELS: map[instance:db1]", "Disk is full"),
        ("Disk is full\n LABELS = {a=b, c=d} now", "Disk is full now"),
        ("Disk is full LABELS = map[cut off he", "Disk is full"),
        ("Full. VALUE: 97%", "Full"),
        ("Current value: 97%", "Current value: 97%"),
        ("Full. Runbook: https://wiki.example.org/disk", "Full"),
        ("Full, see https://wiki.example.org/disk#full for more", "Full for more"),
        ("Full (runbook_url: http://wiki.example.org/x)", "Full"),
        ("See payments/api for the logs", "See payments/api for the logs"),
        ("[Alerting] Test notification", "Test notification"),
        ("Disk is full.", "Disk is full"),
    ],
)
def test_tidy(text: str, expected: str) -> None:
    """Labels as a map, bare values and runbook links go; sentences stay."""
    assert tidy(clean(text)) == expected


@pytest.mark.parametrize(
    ("text", "places", "expected"),
    [
        ("Disk full (instance db1:9100)", ["db1:9100", "db1"], "Disk full"),
        ("Disk on db1 has 3% left", ["db1"], "Disk has 3% left"),
        (
            "Pod shop/api-1 (web) is waiting on cluster prod.",
            ["shop/api-1", "web", "prod"],
            "Pod is waiting",
        ),
        ("In use: 3 of 4 in shop namespace", ["shop"], "In use: 3 of 4"),
        ("db1: disk full", ["db1"], "disk full"),
        ("Instance db1 has failed", ["db1"], "has failed"),
        ("db10 and db1.example.org", ["db1"], "db10 and db1.example.org"),
        ("from db1 to db2", ["db2"], "from db1 to db2"),
        ("Copy to db2 is slow", ["db2"], "Copy to db2 is slow"),
        ("db1 and db2 are down", ["db2"], "db1 and db2 are down"),
        ("mounted on /, at db1", ["/", "db1"], "mounted on /"),
    ],
)
def test_without_places(text: str, places: list[str], expected: str) -> None:
    """Phrases that only say where go; a place that a sentence hangs on stays."""
    assert without_places(text, places) == expected


def test_the_first_sentence() -> None:
    """Explanations are left for a larger screen."""
    text = "Usage is 97.3%. This might be bad. Version 2.0 is out."

    assert first_sentence(text) == "Usage is 97.3%"


def test_briefer() -> None:
    """The same, with fewer words."""
    text = 'The pod is "Pending" for more than 15 minutes, less than 5 percent left'

    assert briefer(text) == "pod is Pending for >15m, <5% left"
