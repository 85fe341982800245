"""`alertbridge schema`: the JSON Schema of the config, for editors."""

import click

from alertbridge.cli.output import print_json
from alertbridge.config import json_schema, markdown
from alertbridge.providers import PROVIDERS
from alertbridge.sources import SOURCES


@click.command("schema")
@click.option(
    "--markdown", "as_markdown", is_flag=True, help="Print the reference table instead."
)
def command(as_markdown: bool) -> None:
    """Print the JSON Schema (2020-12) of the config file.

    Editors use it with a first line such as
    `# yaml-language-server: $schema=./alertbridge.schema.json`.
    """
    types = {name: kind.options for name, kind in PROVIDERS.items()}
    if as_markdown:
        click.echo(markdown(types, tuple(SOURCES)), nl=False)
    else:
        print_json(json_schema(types, tuple(SOURCES)))
