"""What the manual says is so: commands, exit codes, snippets, links, words.

Each list in it is compared with the code it describes; `ALERTBRIDGE_UPDATE_DOCS=1` in
the environment writes what is generated instead.
"""

import importlib
import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from alertbridge import __version__
from alertbridge.cli import COMMANDS, cli
from alertbridge.config import Forgive, Loaded
from alertbridge.config.timeline import read_timeline
from alertbridge.providers import PROVIDERS
from alertbridge.sources import SOURCES
from alertbridge.wiring.loading import load

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
CLI = ROOT / "docs" / "cli.md"
CHANGELOG = ROOT / "CHANGELOG.md"
MINIMAL = ROOT / "config" / "minimal.yaml"

PAGES = sorted(
    path
    for folder in (ROOT, ROOT / "docs", ROOT / "systemd")
    for path in folder.glob("*.md")
)


def command_of(path: tuple[str, ...]) -> click.Command:
    """The command that is called so."""
    command: click.Command = cli
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    return command


def command_paths() -> Iterator[tuple[str, ...]]:
    """How each command and sub-command is called."""
    for name in COMMANDS:
        yield (name,)
        command = command_of((name,))
        if isinstance(command, click.Group):
            yield from ((name, inner) for inner in command.commands)


PATHS = tuple(command_paths())


def section(path: tuple[str, ...]) -> str:
    """One command as docs/cli.md describes it."""
    command = command_of(path)
    name = f"alertbridge {' '.join(path)}"
    ctx = click.Context(command, info_name=name)
    usage = " ".join(command.collect_usage_pieces(ctx))
    lines = [f"## {name}", "", f"    {name} {usage}", "", paragraphs(command), ""]
    options = [param for param in command.params if isinstance(param, click.Option)]
    if options:
        lines += ["| option | meaning |", "|---|---|", *map(option_row, options), ""]
    return "\n".join(lines)


def option_row(option: click.Option) -> str:
    """One option, in words of ours: how click lays its help out is its own affair."""
    takes = "" if option.is_flag else f" {option.metavar}"
    meaning = " ".join((option.help or "").split())
    if isinstance(option.show_default, str):
        meaning += f" Default: {option.show_default}."
    elif option.show_default:
        meaning += f" Default: `{option.default}`."
    if option.show_envvar:
        meaning += f" Environment: `${option.envvar}`."
    names = ", ".join(sorted(option.opts, key=len))
    return f"| `{names}{takes}` | {cell(meaning)} |"


def paragraphs(command: click.Command) -> str:
    """The help text, a line per paragraph; what click keeps as it is, as code."""
    text = (command.help or "").strip()
    return "\n\n".join(
        "\n".join(f"    {line.strip()}" for line in part.splitlines()[1:])
        if part.startswith("\b")
        else " ".join(part.split())
        for part in text.split("\n\n")
    )


def cell(text: str) -> str:
    """Text in a table's cell."""
    return " ".join(text.split()).replace("|", "\\|")


def test_every_command_is_described() -> None:
    """docs/cli.md says what `--help` says."""
    page = CLI.read_text("utf-8")
    before, begin, rest = page.partition("<!-- commands -->\n")
    _, end, after = rest.partition("<!-- /commands -->")
    body = "\n".join(section(path) for path in PATHS)

    wanted = f"{before}{begin}\n{body}{end}{after}"

    if os.environ.get("ALERTBRIDGE_UPDATE_DOCS"):
        CLI.write_text(wanted, "utf-8")
        page = wanted
    assert page == wanted


def rows(page: Path, head: str) -> list[list[str]]:
    """The cells of the table that begins with *head*."""
    lines = page.read_text("utf-8").splitlines()
    found: list[list[str]] = []
    for line in lines[lines.index(head) + 2 :]:
        if not line.startswith("|"):
            return found
        found.append([part.strip() for part in line.strip("|").split(" | ")])
    return found


def test_every_command_says_what_exit_code_1_means() -> None:
    """A script that calls one must know."""
    described = [row[0] for row in rows(CLI, "| command | 1 means |")]

    assert described == [f"`{' '.join(path)}`" for path in PATHS if path != ("outbox",)]


def test_the_manual_names_every_command() -> None:
    """In the order of `--help`."""
    named = [row[0] for row in rows(README, "| command | what it does |")]

    assert named == [f"`alertbridge {name}`" for name in COMMANDS]


def typed() -> list[str]:
    """Every command line in the pages that begins with our name."""
    found: list[str] = []
    for page in PAGES:
        text = page.read_text("utf-8")
        found += re.findall(r"`(alertbridge [a-z][^`]*)`", text)
        found += re.findall(r"^ {4,}(alertbridge [a-z].*)$", text, re.MULTILINE)
        for shell in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
            found += re.findall(r"^(alertbridge [a-z].*)$", shell, re.MULTILINE)
    # The usage lines of docs/cli.md are what this is compared with.
    return sorted({line for line in found if "[OPTIONS]" not in line})


@pytest.mark.parametrize("line", typed())
def test_what_is_typed_in_the_manual_exists(line: str) -> None:
    """A command or an option that is not there would be found at the worst time."""
    words = shlex.split(line.split(" > ", maxsplit=1)[0])[1:]
    path: tuple[str, ...] = ()
    while words and isinstance(command_of(path), click.Group) and words[0][0] != "-":
        if (
            words[0]
            not in command_of(path).to_info_dict(click.Context(cli))["commands"]
        ):
            break
        path = (*path, words.pop(0))
    options = {option for param in command_of(path).params for option in param.opts}

    assert path
    assert {word.split("=")[0] for word in words if word[0] == "-"} <= options | {
        "--help",
        "-",
    }


def block(name: str) -> str:
    """The command between two markers of the manual."""
    text = README.read_text("utf-8")
    found = re.search(
        rf"<!-- {name} -->\n```sh\n(.*?)```\n<!-- /{name} -->", text, re.DOTALL
    )
    assert found is not None
    return found.group(1).strip()


@pytest.mark.parametrize("name", ["demo-command", "test-command"])
def test_the_two_commands_are_one_line_each(name: str) -> None:
    """They are pasted, on a machine that has Python and pip only."""
    command = block(name)

    assert "\n" not in command
    assert command.startswith("python3 -m venv .venv && ")


def test_ci_runs_the_manuals_test_command() -> None:
    """What a newcomer types is what is tested: the same function, on the same file."""
    script = (ROOT / ".ci" / "run").read_text("utf-8")
    function = re.search(
        r"^test_command\(\) \{.*?^\}", script, re.DOTALL | re.MULTILINE
    )
    assert function is not None

    done = subprocess.run(
        ["bash", "-c", f"{function.group()}\ntest_command"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )

    assert done.stdout.strip() == block("test-command")


def snippets() -> Iterator[tuple[str, str]]:
    """Fenced YAML of every page: its first line, and all of it."""
    for page in PAGES:
        text = page.read_text("utf-8")
        for indent, body in re.findall(
            r"^( *)```yaml\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL
        ):
            lines = [line.removeprefix(indent) for line in body.splitlines()]
            yield lines[0], "\n".join(lines) + "\n"


def load_text(folder: Path, text: str) -> Loaded:
    """Load a config whose secrets are elsewhere."""
    path = folder / "alertbridge.yaml"
    path.write_text(text, "utf-8")
    if not (folder / "templates").exists():
        (folder / "templates").symlink_to(ROOT / "config" / "templates")
    return load(path, {}, forgive=Forgive.ALL)


@pytest.mark.parametrize(
    "text", [text for first, text in snippets() if "ertbr" in first]
)
def test_configs_in_the_manual_load(tmp_path: Path, text: str) -> None:
    """A part stands in for its keys in the minimal config."""
    if text.startswith("# part of"):
        whole = yaml.safe_load(MINIMAL.read_text("utf-8"))
        text = yaml.safe_dump({**whole, **yaml.safe_load(text)})

    assert load_text(tmp_path, text).rules.recipients


@pytest.mark.parametrize("text", [text for _, text in snippets()])
def test_yaml_in_the_manual_is_marked_and_parses(text: str) -> None:
    """Whose file it is part of stands in its first line."""
    files = r"alertbridge\.yaml|alertmanager\.yml|timeline\.yaml"
    assert re.match(rf"# (part of )?({files})\n", text)
    assert yaml.safe_load(text)


@pytest.mark.parametrize(
    "text", [text for first, text in snippets() if first == "# timeline.yaml"]
)
def test_timelines_in_the_manual_can_be_replayed(tmp_path: Path, text: str) -> None:
    """As they stand, with the minimal config."""
    path = tmp_path / "timeline.yaml"
    path.write_text(text, "utf-8")

    assert read_timeline(path, sources=("alertmanager",), providers=("ip1",)).steps


def test_the_manuals_config_is_the_minimal_one(tmp_path: Path) -> None:
    """Copied, so that nobody must leave the page; never behind."""
    (text,) = [text for first, text in snippets() if first == "# alertbridge.yaml"]
    minimal = MINIMAL.read_text("utf-8")

    assert yaml.safe_load(text) == yaml.safe_load(minimal)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "config" / "recipes").glob("*.yaml")), ids=lambda p: p.stem
)
def test_recipes_load_without_a_doubt(tmp_path: Path, path: Path) -> None:
    """But for the secrets, which are elsewhere."""
    loaded = load_text(tmp_path, path.read_text("utf-8"))

    assert [p.problem for p in loaded.warnings if "CREDENTIALS" not in p.problem] == []


def links(page: Path) -> Iterator[str]:
    """Every relative link of a page, without what is code."""
    text = re.sub(r"```.*?```|`[^`]*`", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not target.startswith(("http://", "https://")):
            yield target


def anchors(page: Path) -> set[str]:
    """The anchors that a page's headings get."""
    heads = re.findall(r"^#+ (.*)$", page.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """To a file that is there, and a heading in it."""
    broken = []
    for target in links(page):
        file, _, anchor = target.partition("#")
        there = page.parent / file if file else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)

    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_is_named_is_there(page: Path) -> None:
    """Paths in code, such as `tests/core/test_rule_*.py`."""
    text = page.read_text("utf-8")
    named = re.findall(
        r"`((?:alertbridge|config|docs|systemd|tests)/[\w./*@-]+)[^`]*`", text
    )

    assert [
        name
        for name in named
        if "NAME" not in name and not list(ROOT.glob(name.rstrip("/")))
    ] == []


@pytest.mark.parametrize(
    ("head", "known"),
    [
        pytest.param(
            "| provider `type` | what it is |", sorted(PROVIDERS), id="providers"
        ),
        pytest.param(
            "| source `type` | what posts it |", sorted(SOURCES), id="sources"
        ),
    ],
)
def test_every_type_has_its_row(head: str, known: list[str]) -> None:
    """And no row is about one that is not there."""
    assert sorted(row[0].strip("`") for row in rows(README, head)) == known


@pytest.mark.parametrize(
    "place",
    [row[2].strip("`") for row in rows(README, "| word | means | in the code |")],
)
def test_a_word_of_the_glossary_is_one_of_the_code(place: str) -> None:
    """One word, one thing: a class that is renamed takes its word along."""
    module, _, name = place.rpartition(".")

    assert hasattr(importlib.import_module(f"alertbridge.{module}"), name)


def dependencies() -> set[str]:
    """What the package needs to run."""
    # Read as text: tomllib would do, but the names are all that matters.
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    listed = text.partition("\ndependencies = [")[2].partition("\n]")[0]
    return set(re.findall(r'"([a-z0-9-]+)', listed))


def test_every_dependency_says_why() -> None:
    """One row each, in docs/dependencies.md."""
    page = ROOT / "docs" / "dependencies.md"
    described = rows(page, "| package | what for | instead of |")

    assert {row[0].strip("`") for row in described} == dependencies()


def extras() -> set[tuple[str, str]]:
    """What the package can have besides: an extra, and what it installs."""
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    listed = text.partition("\n[project.optional-dependencies]\n")[2].partition("\n[")[
        0
    ]
    return {
        (name, package)
        for name, packages in re.findall(
            r"^([a-z0-9]+) = \[(.*)\]$", listed, re.MULTILINE
        )
        for package in re.findall(r'"([a-z0-9-]+)', packages)
    }


def test_every_extra_says_why_and_is_tested() -> None:
    """One row each, and a line among what is installed for the tests."""
    page = ROOT / "docs" / "dependencies.md"
    described = rows(page, "| extra | package | what for | instead of |")
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    dev = project.partition("\ndev = [")[2].partition("\n]")[0]

    assert {(row[0].strip("`"), row[1].strip("`")) for row in described} == extras()
    assert extras()
    assert {package for _, package in extras()} <= set(
        re.findall(r'"([a-z0-9-]+)', dev)
    )


def test_the_changelog_keeps_its_format() -> None:
    """Versions, kinds of change, and one full sentence at least for each."""
    text = CHANGELOG.read_text("utf-8")
    kinds = ("Security", "Removed", "Deprecated", "Added", "Changed", "Fixed")

    versions = re.findall(r"^## (.*)$", text, re.MULTILINE)
    entries = re.findall(r"^- (.*)$", text, re.MULTILINE)

    assert all(
        re.fullmatch(r"\[\d+\.\d+\.\d+\] - (\d{4}-\d\d-\d\d|Unreleased)", version)
        for version in versions
    )
    assert versions[0].startswith(f"[{__version__}]")
    assert set(re.findall(r"^### (.*)$", text, re.MULTILINE)) <= set(kinds)
    assert all(entry.endswith(".") for entry in entries)


PEOPLE = {"anna", "bo", "cilla", "zoe"}
"""First names that stand for recipients; nobody has a second one."""


@pytest.mark.parametrize(
    "path",
    sorted(
        [*(ROOT / "config").rglob("*.yaml"), ROOT / "tests" / "cli" / "conftest.py"]
    ),
    ids=lambda path: path.name,
)
def test_examples_have_no_invented_people(path: Path) -> None:
    """Plain first names, and only those."""
    text = path.read_text("utf-8")

    named = set(re.findall(r"^  \{?(\w+): \{+phones", text, re.MULTILINE))

    assert named <= PEOPLE


def test_the_search_for_commands_finds_a_wrong_one() -> None:
    """A search that cannot fail proves nothing."""
    with pytest.raises(AssertionError):
        test_what_is_typed_in_the_manual_exists("alertbridge history --recipent anna")
