"""Which config a start finds when its file, or a secret of it, is broken."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from alertbridge.config import ConfigError, keep
from alertbridge.wiring.loading import Standing, read_config

CONFIG = """\
server: {listen: "127.0.0.1:0"}
sources:
  - name: alertmanager
    type: alertmanager
    authorization: {credentials: {file: webhook.token}}
providers:
  - name: ip1
    type: ip1
    base_url: http://127.0.0.1:1
    token: {file: ip1.token}
    sender: iP1
recipients:
  anna: {phones: ["+46701740605"]}
route: {receiver: sre}
receivers:
  - {name: sre, recipients: [anna]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a good config and both its secrets."""
    (tmp_path / "alertbridge.yaml").write_text(CONFIG, "utf-8")
    for name in ("webhook.token", "ip1.token"):
        (tmp_path / name).write_text("opens-it", "utf-8")
        (tmp_path / name).chmod(0o600)
    (tmp_path / "state").mkdir()
    return tmp_path


@pytest.fixture
def environ(folder: Path) -> Mapping[str, str]:
    """A state directory of its own."""
    return {"STATE_DIRECTORY": str(folder / "state")}


def test_a_good_file_is_used_as_written(
    folder: Path, environ: Mapping[str, str]
) -> None:
    """Nothing is wrong, and nothing is said."""
    read = read_config(folder / "alertbridge.yaml", environ)

    assert (read.standing, read.problem) == (Standing.AS_WRITTEN, None)


def test_a_providers_missing_secret_does_not_stop_intake(
    folder: Path, environ: Mapping[str, str]
) -> None:
    """Webhooks are taken though nothing can leave by that provider yet."""
    (folder / "ip1.token").unlink()

    read = read_config(folder / "alertbridge.yaml", environ)

    assert read.standing is Standing.WITHOUT_PROVIDER
    assert "providers[0].token" in str(read.problem)


def test_a_sources_missing_secret_is_never_forgiven(
    folder: Path, environ: Mapping[str, str]
) -> None:
    """An intake that lets everybody in, or nobody, is no intake."""
    (folder / "webhook.token").unlink()

    with pytest.raises(ConfigError, match=r"sources\[0\]"):
        read_config(folder / "alertbridge.yaml", environ)


def test_a_broken_file_gives_way_to_the_last_good_copy(
    folder: Path, environ: Mapping[str, str]
) -> None:
    """A typo and a reboot do not end paging; secrets are found beside the file."""
    (folder / "state" / "last-good.yaml").write_text(CONFIG, "utf-8")
    (folder / "alertbridge.yaml").write_text("sources: [", "utf-8")

    read = read_config(folder / "alertbridge.yaml", environ)

    assert read.standing is Standing.LAST_GOOD
    assert read.loaded.settings.sources[0].tokens[0].reveal() == "opens-it"


def test_a_template_whose_file_is_gone_is_in_the_last_good_copy(
    folder: Path, environ: Mapping[str, str]
) -> None:
    """The page is worded as yesterday, though nobody finds the file."""
    (folder / "own.j2").write_text("{{ status }}", "utf-8")
    path = folder / "alertbridge.yaml"
    path.write_text(f"{CONFIG}templates: {{own: {{file: own.j2}}}}\n", "utf-8")
    keep(read_config(path, environ).loaded.text, folder / "state")
    (folder / "own.j2").unlink()

    read = read_config(path, environ)

    assert read.standing is Standing.LAST_GOOD
    assert "own.j2" in str(read.problem)
    assert list(read.loaded.rules.templates) == ["own"]


@pytest.mark.parametrize("broken", ["ip1.token", "alertbridge.yaml"])
def test_strict_accepts_nothing_but_the_file_as_written(
    folder: Path, environ: Mapping[str, str], broken: str
) -> None:
    """`--strict` is for machines where a person is there to mend it."""
    (folder / "state" / "last-good.yaml").write_text(CONFIG, "utf-8")
    (folder / broken).write_text("", "utf-8")

    with pytest.raises(ConfigError):
        read_config(folder / "alertbridge.yaml", environ, strict=True)
