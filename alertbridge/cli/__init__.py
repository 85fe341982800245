"""What people type: one file per command, imported only when it is called.

Exit codes: 0 fine, 1 the answer is no, 2 wrong usage or config.
"""

import importlib
import sys
from collections.abc import Mapping

import click
from click.shell_completion import CompletionItem

from alertbridge import __version__
from alertbridge.ports import StoreRefused, StoreUnavailable

COMMANDS: Mapping[str, str] = {
    "serve": "Run the daemon.",
    "demo": "See pages arrive: no account, no phone, no config.",
    "check-config": "Check the config: every problem, its line, the fix.",
    "routes": "Show the routing tree; `routes test`: who gets these labels.",
    "explain": "Say who would get which text of a webhook, and why.",
    "simulate": "Live through a night in milliseconds, and see every phone.",
    "page": "Raise or resolve a page from a shell or a systemd unit.",
    "send-test": "Send one person a test page through the whole path.",
    "ack": "Acknowledge an episode: its reminders end.",
    "history": "List who was told what, who was not, and why.",
    "show": "Show one episode, and everybody's part in it.",
    "outbox": "See what waits; hold, release, cancel or requeue it.",
    "backup": "Copy the store while the daemon runs.",
    "schema": "Print the JSON Schema of the config, for editors.",
    "completion": "Print the completion script of a shell.",
}


class Commands(click.Group):
    """Imports a command when it is asked for: `--help` must not wait for aiohttp."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Name them in the order of use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        """Import one."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"alertbridge.cli.{name.replace('-', '_')}")
        command: click.Command = module.command
        return command

    def shell_complete(
        self, ctx: click.Context, incomplete: str
    ) -> list[CompletionItem]:
        """Complete a command's name without importing any."""
        named = [
            CompletionItem(name, help=text)
            for name, text in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return named + click.Command.shell_complete(self, ctx, incomplete)

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002
        formatter: click.HelpFormatter,
    ) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96},
    epilog="Exit codes: 0 fine, 1 the answer is no, 2 wrong usage or config.",
)
@click.version_option(
    __version__,
    prog_name="alertbridge",
    message=f"%(prog)s %(version)s (Python {sys.version.split()[0]})",
)
def cli() -> None:
    """Alertmanager and Grafana webhooks in, SMS out; nothing confirmed is lost."""


def main() -> None:
    """Run a command; what an operator must see is one line, and an exit code."""
    try:
        cli(prog_name="alertbridge")
    except (StoreRefused, StoreUnavailable) as exc:
        click.echo(f"alertbridge: {exc}", err=True)
        sys.exit(1)
