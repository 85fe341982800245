"""Names that cannot be resolved, and packets that vanish, in a network of their own."""

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

PROGRAM = Path(__file__).parent / "programs" / "names_and_routes.py"


def _may_unshare() -> bool:
    if not all(map(shutil.which, ("unshare", "ip", "mount"))):
        return False
    tried = subprocess.run(
        ["unshare", "-nm", "ip", "link", "set", "lo", "up"],
        check=False,
        capture_output=True,
    )
    return tried.returncode == 0


pytestmark = [
    pytest.mark.scenario,
    pytest.mark.skipif(not _may_unshare(), reason="no namespaces: only root has them"),
]


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """What became of every page; all were sent at once."""
    folder = tmp_path_factory.mktemp("network")
    began = monotonic()
    ran = subprocess.run(
        ["unshare", "-nm", sys.executable, str(PROGRAM), str(folder)],
        check=True,
        stdout=subprocess.PIPE,
        timeout=60,
    )
    found: dict[str, Any] = json.loads(ran.stdout)
    return {**found, "seconds": monotonic() - began}


@pytest.mark.parametrize("name", ["nxdomain", "servfail", "unreachable", "blackhole"])
def test_what_is_known_at_once_is_deferred_at_once(
    answers: Mapping[str, Any], name: str
) -> None:
    """No such name, no such way: surely not sent, after two tries (C1)."""
    assert answers[name]["outcome"] == "Deferred"
    assert answers[name]["seconds"] < 2


@pytest.mark.parametrize("name", ["silent0", "vanishes"])
def test_what_never_answers_is_given_up_after_three_seconds(
    answers: Mapping[str, Any], name: str
) -> None:
    """A name server, or a gateway's first packet: still surely not sent (C1, F1n)."""
    assert answers[name]["outcome"] == "Deferred"
    assert 2.5 < answers[name]["seconds"] < 4


def test_names_that_hang_keep_no_other_provider(answers: Mapping[str, Any]) -> None:
    """A dozen questions without an answer, and a page leaves by another way (C11)."""
    assert answers["good"]["outcome"] == "Accepted"
    assert answers["good"]["seconds"] < 1


def test_a_dead_address_beside_a_good_one_costs_a_moment(
    answers: Mapping[str, Any],
) -> None:
    """Packets to the IPv6 address vanish; the other is tried after 250 ms (F4n)."""
    assert answers["both"]["outcome"] == "Accepted"
    assert answers["both"]["seconds"] < 1


def test_a_known_address_is_used_while_names_are_away(
    answers: Mapping[str, Any],
) -> None:
    """The name server fell silent after the first page; the second leaves (F4n)."""
    assert answers["before"]["outcome"] == "Accepted"
    assert answers["after"]["outcome"] == "Accepted"
    assert answers["after"]["seconds"] < 2


def test_only_what_was_accepted_was_taken(answers: Mapping[str, Any]) -> None:
    """The gateway's own count."""
    accepted = [
        name
        for name, answer in answers.items()
        if isinstance(answer, dict) and answer["outcome"] == "Accepted"
    ]
    assert answers["taken"] == len(accepted) == 4


def test_a_question_without_an_answer_does_not_keep_the_process(
    answers: Mapping[str, Any],
) -> None:
    """The system asks for ten seconds; nobody waits for it to stop (E1)."""
    assert answers["seconds"] < 9
