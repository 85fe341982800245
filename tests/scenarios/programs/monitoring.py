"""Real Prometheus and Alertmanager as processes, with the shortest times they take."""

import json
from pathlib import Path

from aiohttp import ClientSession
from groups import now
from processes import Child, free_port


class Alertmanager(Child):
    """A real one, alone: no gossip, so that two of them are a partitioned pair."""

    def __init__(self, folder: Path, webhook: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        folder.mkdir(parents=True)
        settings = {
            "route": {
                "receiver": "alertbridge",
                "group_by": ["alertname"],
                "group_wait": "100ms",
                "group_interval": "1s",
                "repeat_interval": "4h",
            },
            "receivers": [
                {"name": "alertbridge", "webhook_configs": [{"url": webhook}]}
            ],
        }
        path = folder / "alertmanager.yml"
        path.write_text(json.dumps(settings), "utf-8")
        super().__init__(
            folder.name,
            [
                "prometheus-alertmanager",
                f"--config.file={path}",
                f"--storage.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--cluster.listen-address=",
            ],
            folder,
        )

    async def add(
        self, http: ClientSession, *names: tuple[str, str], ended: bool = False
    ) -> None:
        """Hand alerts over as Prometheus does: pairs of name and instance."""
        alerts = [
            {
                "labels": {
                    "alertname": name,
                    "instance": instance,
                    "severity": "critical",
                },
                "annotations": {"summary": "the disk is nearly full"},
                **({"endsAt": now().isoformat()} if ended else {}),
            }
            for name, instance in names
        ]
        async with http.post(f"{self.url}/api/v2/alerts", json=alerts) as answer:
            assert answer.status == 200, await answer.text()


class Prometheus(Child):
    """A real one with one rule, which fires while a file says so."""

    def __init__(self, folder: Path, *alertmanagers: Alertmanager) -> None:
        self.port = free_port()
        folder.mkdir(parents=True)
        self._rules = folder / "rules.yml"
        self.set_firing(firing=True)
        settings = {
            "global": {"evaluation_interval": "1s", "scrape_interval": "1s"},
            "rule_files": [str(self._rules)],
            "alerting": {
                "alertmanagers": [
                    {
                        "static_configs": [
                            {
                                "targets": [
                                    f"127.0.0.1:{am.port}" for am in alertmanagers
                                ]
                            }
                        ]
                    }
                ]
            },
        }
        path = folder / "prometheus.yml"
        path.write_text(json.dumps(settings), "utf-8")
        super().__init__(
            "prometheus",
            [
                "prometheus",
                f"--config.file={path}",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--web.enable-lifecycle",
                "--rules.alert.resend-delay=1s",
            ],
            folder,
        )

    def set_firing(self, *, firing: bool) -> None:
        """Write the rule; it counts from the next reload on."""
        rule = {
            "alert": "DiskFull",
            "expr": f"vector({int(firing)}) > 0",
            "labels": {"severity": "critical", "instance": "db1"},
            "annotations": {"summary": "the disk is nearly full"},
        }
        groups = {"groups": [{"name": "disk", "rules": [rule]}]}
        self._rules.write_text(json.dumps(groups), "utf-8")

    async def resolve(self, http: ClientSession) -> None:
        """Let the alert end."""
        self.set_firing(firing=False)
        url = f"http://127.0.0.1:{self.port}/-/reload"
        async with http.post(url) as answer:
            assert answer.status == 200, await answer.text()
