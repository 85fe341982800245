"""The examples load, show every key at its default, and the reference is up to date."""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from alertbridge.config import Loaded, json_schema, load, markdown
from alertbridge.config.model import ConfigFile
from alertbridge.config.model_types import file_model
from alertbridge.config.model_walk import (
    below,
    keys_of,
    model_at,
    step,
    value_at,
)
from alertbridge.config.problems import Path as DocumentPath
from alertbridge.config.problems import path_text
from alertbridge.config.schema import reference_rows
from alertbridge.config.yaml_document import Document, read_document
from alertbridge.core.route import REPEAT_INTERVAL
from alertbridge.providers import PROVIDERS
from alertbridge.sources import SOURCES

ROOT = Path(__file__).parents[2]
COMPLETE = ROOT / "config" / "alertbridge.yaml"
MINIMAL = ROOT / "config" / "minimal.yaml"
REFERENCE = ROOT / "docs" / "config.md"
DATA = sorted((Path(__file__).parent / "data").glob("conf.*.yaml"))
PROVIDER_TYPES = {name: provider.options for name, provider in PROVIDERS.items()}
MODEL = file_model(PROVIDER_TYPES, SOURCES)

DEFAULTS_OF_THE_CORE = {"route.repeat_interval": REPEAT_INTERVAL}
"""Keys whose default is known further down: the route inherits it."""


@pytest.fixture(params=[COMPLETE, MINIMAL], ids=lambda path: path.stem)
def example(request: pytest.FixtureRequest) -> Path:
    """Each file in config/."""
    path = request.param
    assert isinstance(path, Path)
    return path


def load_example(path: Path, tmp_path: Path) -> Loaded:
    """Load a file of config/ with a stand-in for each secret that it names."""
    names = re.findall(r"(?:credential|file): ([a-z0-9.-]+)", path.read_text())
    for name in names:
        (tmp_path / name).write_text("not-a-real-secret")
        (tmp_path / name).chmod(0o600)
    return load(
        path,
        provider_types=PROVIDER_TYPES,
        source_types=SOURCES,
        environ={"CREDENTIALS_DIRECTORY": str(tmp_path)},
        secrets_from=tmp_path,
    )


def leaves(annotation: object, data: object) -> Iterator[DocumentPath]:
    """Yield the path of every value that is no section, and no list of sections."""
    for key, inner in below(annotation, data):
        value = step(data, key)
        nested = value.values() if isinstance(value, dict) else value
        if isinstance(nested, str | None) or not isinstance(nested, Iterable):
            yield (key,)
        elif any(isinstance(item, dict) for item in nested) or isinstance(value, dict):
            yield from ((key, *path) for path in leaves(inner, value))
        else:
            yield (key,)


def test_an_example_loads_without_a_warning(example: Path, tmp_path: Path) -> None:
    """Nothing in them is unused, doubtful or old."""
    assert load_example(example, tmp_path).warnings == ()


def test_an_example_satisfies_the_schema(example: Path) -> None:
    """An editor that follows the schema has nothing to underline."""
    schema = json_schema(PROVIDER_TYPES, SOURCES)
    data = read_document(example.read_text(), example.name).data

    assert list(Draft202012Validator(schema).iter_errors(data)) == []


def test_the_schema_is_a_schema() -> None:
    """It satisfies its own dialect, and can be written as JSON."""
    schema = json_schema(PROVIDER_TYPES, SOURCES)

    Draft202012Validator.check_schema(json.loads(json.dumps(schema)))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"sorces": []}, id="unknown-key"),
        pytest.param({"sources": []}, id="no-source"),
        pytest.param({"pace": [{"limit": "6", "window": "1m"}]}, id="wrong-kind"),
        pytest.param({"pace": {"limit": 6}}, id="one-limit"),
        pytest.param({"api": {"tokens": ["inline"]}}, id="inline-secret"),
        pytest.param({"phone_lists": {"a": [46701740605]}}, id="unquoted-number"),
        pytest.param({"repeat_window": "20 minutes"}, id="duration"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(change: dict[str, object]) -> None:
    """An editor shows the common mistakes before they are saved."""
    data = read_document(MINIMAL.read_text(), "minimal.yaml").data
    assert isinstance(data, dict)

    errors = Draft202012Validator(json_schema(PROVIDER_TYPES, SOURCES)).iter_errors(
        {**data, **change}
    )

    assert list(errors)


def document() -> Document:
    """The complete example."""
    return read_document(COMPLETE.read_text(), COMPLETE.name)


def default_of(path: DocumentPath, data: object) -> object:
    """The model's default of what stands at *path*; ... if it has none."""
    owner = model_at(MODEL, data, path[:-1])
    if owner is None:
        return ...
    field = owner.model_fields[keys_of(owner)[str(path[-1])]]
    if field.is_required():
        return ...
    default: object = field.get_default(call_default_factory=True, validated_data={})
    known = DEFAULTS_OF_THE_CORE.get(path_text(path))
    return default if known is None else known


def test_every_default_in_the_complete_example_is_the_model_s() -> None:
    """What the file shows is what holds without it, unless it says "example"."""
    found = document()
    lines = found.text.splitlines()
    wrong = []
    checked = 0

    for path in leaves(MODEL, found.data):
        default = default_of(path, found.data)
        if path == ("route", "receiver") or path[0] == "pace":
            # It has a default in the model; `rules` refuses a root without it. The
            # pace is a list with a default of its own, compared whole below.
            continue
        comment = lines[found.mark_of(path, key=True).line - 1].partition("#")[2]
        if default is ... or "example" in comment:
            continue
        value = value_at(found.data, path)
        checked += 1
        if as_in_model(value, default) != default:
            wrong.append(f"{path_text(path)}: {value} is not {default}")

    assert wrong == []
    assert checked > 30


def test_the_pace_in_the_complete_example_is_the_default() -> None:
    """The limits stand there one by one, as they hold without them."""
    data = document().data
    assert isinstance(data, dict)

    assert ConfigFile.model_validate({"pace": data["pace"]}).pace == ConfigFile().pace


def as_in_model(value: object, default: object) -> object:
    """Read a value of the file as the model would."""
    if isinstance(default, timedelta):
        return ConfigFile.model_validate({"repeat_window": value}).repeat_window
    if isinstance(value, list):
        return tuple(value)
    return None if value == "none" and default is None else value


def test_every_key_is_in_the_complete_example() -> None:
    """Nobody has to read the code to learn that a key exists."""
    found = document()
    shown = {re.sub(r"\[\d+\]", "[]", path_text(path)) for path in found.values if path}
    shown |= {
        re.sub(r"^(recipients|phone_lists|templates)\.\w+", r"\1.NAME", path)
        for path in shown
    }
    comments = " ".join(line.partition("#")[2] for line in found.text.splitlines())

    missing = [
        path
        for path, _, _ in reference_rows(MODEL)
        if re.sub(r"\([\w-]+\)", "", path) not in shown
        and not re.search(rf"\b{path.rpartition('.')[2]}\b", comments)
    ]

    assert missing == []


def test_the_reference_page_is_up_to_date() -> None:
    """`alertbridge schema --markdown > docs/config.md` makes it so."""
    assert REFERENCE.read_text() == markdown(PROVIDER_TYPES, SOURCES)


def test_the_minimal_example_is_short() -> None:
    """It is what the README shows."""
    assert len(MINIMAL.read_text().splitlines()) <= 20


def test_every_field_is_described() -> None:
    """A row without a meaning helps nobody."""
    assert [path for path, _, meaning in reference_rows(MODEL) if not meaning] == []
