"""Commands as people call them: in this process, or beside a daemon that runs."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from alertbridge.cli import cli

CONFIG = """\
server: {{listen: "127.0.0.1:{port}"}}
storage: {{url: "sqlite://{folder}/alertbridge.db", ballast: 0}}
sources:
  - {{name: alertmanager, type: alertmanager}}
  - {{name: grafana, type: grafana}}
providers:
  - {{name: console, type: console}}
recipients:
  anna: {{phones: ["+46701740605"]}}
  bo: {{phones: ["+46701740607"], send_resolved: false}}
route:
  receiver: sre
  routes:
    - matchers: [team="db"]
      receiver: sre
      continue: true
    - matchers: [team="db"]
      receiver: sre
      continue: true
    - matchers: [team="db"]
      receiver: bare
    - matchers: [severity="info"]
      receiver: quiet
receivers:
  - {{name: sre, recipients: [anna, bo]}}
  - {{name: bare, phones: ["+46701740620"]}}
  - {{name: quiet, recipients: [bo]}}
"""

Run = Callable[..., Result]
Serving = Callable[[], AbstractContextManager[subprocess.Popen[str]]]


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture
def port() -> int:
    """The port of the config."""
    return free_port()


@pytest.fixture
def config(tmp_path: Path, port: int) -> Path:
    """A config that is right, of two people and a bare number."""
    path = tmp_path / "pager.yaml"
    path.write_text(CONFIG.format(port=port, folder=tmp_path), "utf-8")
    return path


@pytest.fixture
def run(config: Path, port: int) -> Run:
    """Run a command in this process, with the config in the environment."""

    def call(*arguments: str, stdin: str | None = None, **environ: str) -> Result:
        given = {
            "ALERTBRIDGE_CONFIG": str(config),
            "ALERTBRIDGE_URL": f"http://127.0.0.1:{port}",
            "CREDENTIALS_DIRECTORY": None,
            **environ,
        }
        return CliRunner(env=given).invoke(
            cli, arguments, input=stdin, prog_name="alertbridge"
        )

    return call


@pytest.fixture
def process(config: Path, port: int) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a command as a process of its own, to its end."""

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "alertbridge", *arguments],
            env={
                **os.environ,
                "ALERTBRIDGE_CONFIG": str(config),
                "ALERTBRIDGE_URL": f"http://127.0.0.1:{port}",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return call


@pytest.fixture
def serving(config: Path, tmp_path: Path) -> Serving:
    """Serve the config as a process while a block lasts."""
    (tmp_path / "state").mkdir()

    @contextmanager
    def serve() -> Iterator[subprocess.Popen[str]]:
        with subprocess.Popen(
            [sys.executable, "-m", "alertbridge", "serve", "-c", str(config)],
            env={**os.environ, "STATE_DIRECTORY": str(tmp_path / "state")},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as daemon:
            assert daemon.stderr is not None
            try:
                for line in daemon.stderr:
                    if "daemon.started" in line:
                        break
                yield daemon
            finally:
                daemon.terminate()
                daemon.communicate(timeout=30)

    return serve


@pytest.fixture
def daemon(serving: Serving) -> Iterator[subprocess.Popen[str]]:
    """A daemon that serves the config."""
    with serving() as running:
        yield running


@pytest.fixture
def until_told(run: Run) -> Callable[[str], list[dict[str, Any]]]:
    """Wait until everybody who hears of an alert's *summary* was told."""

    def wait(word: str, states: Sequence[str] = ("told",)) -> list[dict[str, Any]]:
        deadline = time.monotonic() + 20
        while True:
            rows = json.loads(run("history", "--json").stdout)
            found = [row for row in rows if word in row["labels"].get("what", "")]
            if found and all(row["state"] in states for row in found):
                return found
            assert time.monotonic() < deadline, rows

    return wait
