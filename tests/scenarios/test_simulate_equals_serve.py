"""What `simulate` shows is what `serve` does: texts and order, to the letter."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientSession
from daemon_process import Daemon
from gateway_process import Gateway
from groups import config, now

from alertbridge.config.timeline import read_timeline
from alertbridge.config.timeline_steps import Fire, Resolve, Timeline
from alertbridge.simulator.alertmanager import Alertmanager
from alertbridge.simulator.replay import replay
from alertbridge.wiring.loading import load

pytestmark = pytest.mark.scenario

TIMELINE = """\
start: "{start}"
until: 30s
alertmanager: {{peers: 2}}
events:
  - at: 0s
    fire: {{alertname: DiskFull, instance: db1, severity: critical}}
    annotations: {{summary: Disk /var is 97% full}}
  - at: 1s
    fire: {{alertname: HostDown, instance: "web{{1..20}}", severity: warning}}
    annotations: {{summary: Host does not answer}}
  - at: 2s
    fire: {{alertname: BackupSlow, instance: böckup 🔥, severity: info}}
  - at: 3s
    resolve: {{alertname: HostDown, instance: "web{{1..19}}"}}
  - at: 4s
    fire: {{alertname: "{{A,B,C,D,E,F}}", severity: warning}}
  - at: 5s
    fire: {{alertname: PaymentsDown, severity: critical}}
  - at: 6s
    resolve: {{alertname: DiskFull}}
"""


async def serve_it(timeline: Timeline, daemon: Daemon, http: ClientSession) -> None:
    """Post what the timeline posts, when it does."""
    sender = Alertmanager(timeline.posting)
    for step in timeline.steps:
        await asyncio.sleep((step.at - now()).total_seconds())
        match step:
            case Fire():
                sender.fire(
                    step.alerts, step.annotations, step.source, step.receiver, step.at
                )
            case Resolve():
                sender.resolve(step.alerts, step.source, step.at)
            case _:
                raise AssertionError(step)
        for source, body in sender.posts(step.at):
            url = f"{daemon.url}/v1/webhooks/{source}"
            async with http.post(url, data=body) as answer:
                assert answer.status == 200


async def test_one_timeline_gives_the_same_texts(
    gateway: Gateway,
    make_daemon: Callable[..., Daemon],
    http: ClientSession,
    tmp_path: Path,
) -> None:
    """A storm into the pace, peers, digests and resolves: both tell the same."""
    daemon = make_daemon(config(gateway.url, "anna", "bo"))
    await daemon.start()
    began = now() + timedelta(seconds=1)
    file = tmp_path / "timeline.yaml"
    file.write_text(TIMELINE.format(start=began.isoformat()), "utf-8")
    loaded = load(daemon.config, {})
    sources = {str(source.name): source.type for source in loaded.settings.sources}
    timeline = read_timeline(
        file, sources=tuple(sources), providers=loaded.rules.providers
    )

    # In a thread: a loop of virtual time cannot run inside another loop.
    simulated = await asyncio.to_thread(replay, timeline, loaded.rules, sources)
    await serve_it(timeline, daemon, http)
    served = await gateway.expect_exactly(len(simulated.phones), within=10)

    # People who are told in one request are in no order among themselves.
    assert sorted(served) == sorted((s.number, s.text.body) for s in simulated.phones)
    for number in {number for number, _ in served}:
        assert [text for to, text in served if to == number] == [
            sms.text.body for sms in simulated.phones if sms.number == number
        ]
    assert len(served) >= 10
    assert simulated.account.missing == ()
