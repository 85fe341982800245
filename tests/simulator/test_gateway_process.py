"""The gateway as a process of its own, as the kill tests start it."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
from aiohttp import ClientSession

ROOT = Path(__file__).parents[2]


@pytest.mark.scenario
async def test_as_a_process_it_says_where_it_listens_and_keeps_its_journal(
    tmp_path: Path, batch: dict[str, object]
) -> None:
    """The kill tests start it like this, and read the journal afterwards."""
    journal = tmp_path / "journal.jsonl"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "alertbridge.simulator.gateway"),
        *("--listen", "127.0.0.1:0", "--token", "t", "--journal", str(journal)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = (await process.stdout.readline()).decode()
    url = line.removeprefix("listening on ").strip()
    headers = {"Authorization": "Bearer t"}

    async with ClientSession(url, headers=headers) as client:
        await client.post("/v2/batches", json=batch)
    kept = journal.read_bytes()
    process.terminate()

    assert await process.wait() == 0
    assert json.loads(kept)["messages"][0]["text"] == "Disk full"


@pytest.mark.scenario
@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["--listen", "nowhere"], id="listen"),
        pytest.param(["--faults", '{"script": ["fire"]}'], id="unknown-fault"),
        pytest.param(["--faults", "{"], id="not-json"),
    ],
)
async def test_wrong_arguments_end_it_with_2(arguments: list[str]) -> None:
    """As any command does."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "alertbridge.simulator.gateway", "--token", "t"),
        *arguments,
        cwd=ROOT,
        stderr=asyncio.subprocess.DEVNULL,
    )

    assert await process.wait() == 2
