"""`alertbridge schema`: the JSON Schema of the config, for editors."""

import click

from alertbridge.cli.output import print_json


@click.command("schema")
@click.option("--markdown", is_flag=True, help="Print the reference table instead.")
def command(markdown: bool) -> None:
    """Print the JSON Schema (2020-12) of the config file.

    Editors use it with a first line such as
    `# yaml-language-server: $schema=./alertbridge.schema.json`.
    """
    from alertbridge.config import schema  # noqa: PLC0415 - heavy
    from alertbridge.providers import PROVIDERS  # noqa: PLC0415
    from alertbridge.sources import SOURCES  # noqa: PLC0415

    types = {name: kind.options for name, kind in PROVIDERS.items()}
    if markdown:
        click.echo(schema.markdown(types, tuple(SOURCES)), nl=False)
    else:
        print_json(schema.json_schema(types, tuple(SOURCES)))
