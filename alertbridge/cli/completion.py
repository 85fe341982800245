"""`alertbridge completion`: the completion script of a shell."""

import click
from click.shell_completion import get_completion_class


@click.command("completion")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(ctx: click.Context, shell: str) -> None:
    r"""Print the completion script of SHELL.

    \b
    bash  alertbridge completion bash > /etc/bash_completion.d/alertbridge
    zsh   alertbridge completion zsh > /usr/local/share/zsh/site-functions/_alertbridge
    fish  alertbridge completion fish > ~/.config/fish/completions/alertbridge.fish
    """
    completion = get_completion_class(shell)
    assert completion is not None
    root = ctx.find_root().command
    script = completion(root, {}, "alertbridge", "_ALERTBRIDGE_COMPLETE").source()
    click.echo(script)
