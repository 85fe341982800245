"""A campaign of kills that is stopped goes on where it was, and counts all of it."""

import json
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import Child

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(300)]

CAMPAIGN = Path(__file__).parent / "programs" / "kill_campaign.py"


async def test_a_campaign_goes_on_where_it_was_stopped(
    make_child: Callable[..., Child], tmp_path: Path
) -> None:
    """Each round is judged once; the table at the end is of all that were."""
    state = tmp_path / "state.jsonl"
    words = ("--kills", "4", "--per-round", "2", "--workers", "1")
    argv = [sys.executable, str(CAMPAIGN), "--state", str(state), *words]
    campaign = make_child("campaign", argv)

    campaign.spawn()
    await campaign.until_said("round 0: pass", within=120)
    campaign.signal(signal.SIGTERM)
    stopped = await campaign.ended(within=60)
    first = state.read_text("utf-8").splitlines()
    assert (stopped, len(first)) == (3, 1), campaign.said()

    campaign.spawn()
    assert await campaign.ended(within=120) == 0, campaign.said()
    table, lines = campaign.said(), state.read_text("utf-8").splitlines()
    assert lines[0] == first[0]
    rounds = [json.loads(line) for line in lines]
    assert [one["round"] for one in rounds] == [0, 1]
    pages = sum(one["acked"] for one in rounds)
    for row in (
        ("rounds", "2 of 2"),
        ("kills", "4"),
        ("confirmed pages", str(pages)),
        ("lost", "0"),
        ("duplicated", "0"),
        ("still queued", "0"),
        ("loss per kill, 95 %", "< 7.5e-01"),
        ("verdict", "pass"),
    ):
        assert f"{row[0]:<28}{row[1]:>14}" in table.splitlines(), table


async def test_a_file_of_another_campaign_is_refused(
    make_child: Callable[..., Child], tmp_path: Path
) -> None:
    """Rounds of another seed, or of a mutant, prove nothing here."""
    state = tmp_path / "state.jsonl"
    state.write_text(
        '{"round": 0, "passed": true, "seed": 2, "per_round": 100, "mutant": null}\n',
        "utf-8",
    )
    argv = [sys.executable, str(CAMPAIGN), "--state", str(state), "--seed", "1"]
    campaign = make_child("campaign", argv)

    campaign.spawn()

    assert await campaign.ended(within=60) == 2
    assert "'seed': 2" in campaign.said()
