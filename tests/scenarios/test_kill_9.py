"""Nothing confirmed is lost by kill -9, and a daemon that loses pages is found out."""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from processes import Child

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(300)]

BY_HAND = pytest.mark.skipif(
    not os.environ.get("ALERTBRIDGE_LONG"),
    reason="a minute; ALERTBRIDGE_LONG=1 runs it, tests/models has the mistake in CI",
)

HARNESS = Path(__file__).parent / "programs" / "kill_harness.py"


async def run_harness(
    make_child: Callable[..., Child], state: Path, *args: str
) -> tuple[int, dict[str, int], str]:
    """Run the harness; say its exit status, its counts and its table."""
    argv = [sys.executable, str(HARNESS), "--state", str(state), *args]
    harness = make_child("harness", argv)
    harness.spawn()
    status = await harness.ended(within=280)
    summary = state / "summary.json"
    assert summary.exists(), harness.said()[-3000:]
    return status, json.loads(summary.read_text("utf-8")), harness.said()


async def test_kill_9_loses_nothing(
    make_child: Callable[..., Child], tmp_path: Path
) -> None:
    """Every confirmed page rings, ends by a rule, or is dead with a meta-alert."""
    status, counts, table = await run_harness(
        make_child, tmp_path / "state", "--kills", "20", "--seed", "20260115"
    )

    assert status == 0, table
    assert counts["acked"] > 50, table
    assert counts["busiest"] <= 30, table


@pytest.mark.parametrize(
    ("mutant", "finding"),
    [
        ("answer-before-commit", "lost"),
        ("stuck-is-failed", "lost"),
        pytest.param("stuck-waits", "duplicated", marks=BY_HAND),
        pytest.param("no-grace", "duplicated", marks=BY_HAND),
    ],
)
async def test_the_harness_finds_a_daemon_that_breaks_its_word(
    make_child: Callable[..., Child], tmp_path: Path, mutant: str, finding: str
) -> None:
    """The negative controls: what is lost or rings twice by a mistake is seen."""
    status, counts, table = await run_harness(
        make_child,
        tmp_path / "state",
        *("--kills", "10", "--seed", "1", "--mutant", mutant),
        # Longer than a restart on a machine that is busy, shorter than the grace.
        *("--slow", "0.28", "--slowness", "9s", "--drain", "30s"),
    )

    assert counts.get(finding, 0) > 0, table
    assert status == 1, table
