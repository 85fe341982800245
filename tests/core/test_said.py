"""Nothing of an alert is told twice: what counts as said already."""

import pytest

from alertbridge.core.said import repeats, says, without_start


@pytest.mark.parametrize(
    ("text", "said", "expected"),
    [
        ("Clock skew detected", "NodeClockSkewDetected", True),
        ("Node is not ready", "Kube node not ready", True),
        ("Pods are crashlooping", "KubePodCrashLooping", True),
        ("Pod is crash looping", "KubePodCrashlooping", True),
        ("DISK full on db1", "Disk full db1", True),
        ("", "anything", True),
        ("Disk is not full", "Disk full", False),
        ("Disk is 97% full", "Disk full", False),
        ("Service available", "Service unavailable", False),
        ("Is it lost?", "Disk full", False),
        ("диск полон", "DiskFull", False),
    ],
)
def test_repeats(text: str, said: str, *, expected: bool) -> None:
    """Only a sentence without a word of its own is a repetition."""
    assert repeats(text, said) is expected


@pytest.mark.parametrize(
    ("text", "name", "left"),
    [
        ("High CPU usage above 90%", "HighCPUUsage", "above 90%"),
        ("High CPU usage: 97%", "High CPU usage", "97%"),
        ("The disk is full: 97%", "DiskFull", "97%"),
        ("Generation mismatch due to x", "KubeGenerationMismatch", "due to x"),
        ("Mismatch of x", "KubeGenerationMismatch", "Mismatch of x"),
        ("High CPU", "High CPU usage", "High CPU"),
        ("Higher CPU usage", "High CPU usage", "Higher CPU usage"),
        ("Full disk", "", "Full disk"),
    ],
)
def test_a_name_at_the_start_goes(text: str, name: str, left: str) -> None:
    """If all of it is there; a part of a name is a word like any other."""
    assert without_start(text, name) == left


@pytest.mark.parametrize(
    ("text", "value", "expected"),
    [
        pytest.param("full on db1", "db1", True, id="last-word"),
        pytest.param("DB1 is full", "db1", True, id="without-case"),
        pytest.param("full (db1).", "db1", True, id="in-punctuation"),
        pytest.param("full on db10", "db1", False, id="part-of-a-word"),
        pytest.param("db1.example.org is full", "db1", False, id="part-of-a-host"),
        pytest.param("db1:5432 is full", "db1", False, id="host-with-a-port"),
        pytest.param("/var/lib is full", "/var", False, id="part-of-a-path"),
        pytest.param("mounted on /, at", "/", True, id="root"),
        pytest.param("n/a", "/", False, id="no-root"),
        pytest.param("anything", "", False, id="nothing"),
    ],
)
def test_says(text: str, value: str, *, expected: bool) -> None:
    """Only a word of its own counts as said."""
    assert says(text, value) is expected
