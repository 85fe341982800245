"""The only place that knows everyone: builds the daemon from a config, and runs it."""

from alertbridge.wiring.daemon import Daemon
from alertbridge.wiring.loading import load, read_config
from alertbridge.wiring.loop import run_until_done
from alertbridge.wiring.running import run

__all__ = ["Daemon", "load", "read_config", "run", "run_until_done"]
