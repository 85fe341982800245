"""Secrets are found where the config says, and never shown."""

import os
from pathlib import Path

import pytest

from alertbridge.config.secret import MAX_BYTES, Found, NotFound, SecretPlaces

CANARY = "canary-4711"


@pytest.fixture
def places(tmp_path: Path) -> SecretPlaces:
    """Secrets in files next to a config, in the environment, in credentials."""
    (tmp_path / "credentials").mkdir()
    return SecretPlaces(
        directory=tmp_path,
        environ={
            "TOKEN": CANARY,
            "EMPTY": "",
            "CREDENTIALS_DIRECTORY": str(tmp_path / "credentials"),
        },
    )


def write(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Make a file with a mode."""
    path.write_bytes(data)
    path.chmod(mode)


def value(found: Found | NotFound) -> str:
    """Take the secret out of what was found."""
    assert isinstance(found, Found), found
    return found.secret.reveal()


def test_a_file_is_relative_to_the_config(tmp_path: Path, places: SecretPlaces) -> None:
    """A name without a slash lies beside the config."""
    write(tmp_path / "a.token", CANARY.encode())

    assert value(places.find({"file": "a.token"})) == CANARY


def test_a_file_may_be_absolute(tmp_path: Path, places: SecretPlaces) -> None:
    """A whole path is taken as it is."""
    write(tmp_path / "a.token", CANARY.encode())

    assert value(places.find({"file": str(tmp_path / "a.token")})) == CANARY


def test_an_environment_variable(places: SecretPlaces) -> None:
    """{env:} reads the environment that was handed in."""
    assert value(places.find({"env": "TOKEN"})) == CANARY


def test_a_credential_of_systemd(tmp_path: Path, places: SecretPlaces) -> None:
    """{credential:} reads $CREDENTIALS_DIRECTORY."""
    write(tmp_path / "credentials" / "token", CANARY.encode(), 0o400)

    assert value(places.find({"credential": "token"})) == CANARY


@pytest.mark.parametrize(
    ("data", "secret"),
    [
        pytest.param(b"x\n", "x", id="newline"),
        pytest.param(b"x\r\n", "x", id="crlf"),
        pytest.param(b" x ", " x ", id="spaces-stay"),
        pytest.param("é".encode(), "é", id="utf-8"),
    ],
)
def test_one_newline_at_the_end_is_no_part_of_it(
    tmp_path: Path, places: SecretPlaces, data: bytes, secret: str
) -> None:
    """Editors add it; nothing else is changed."""
    write(tmp_path / "a.token", data)

    assert value(places.find({"file": "a.token"})) == secret


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"\n", "is empty", id="only-a-newline"),
        pytest.param(b"x\n\n", "more than one line", id="two-newlines"),
        pytest.param(b"x\ny", "more than one line", id="two-lines"),
        pytest.param(b"x\xff", "not UTF-8", id="bytes"),
        pytest.param(b"x" * (MAX_BYTES + 1), "larger than 64 KiB", id="large"),
    ],
)
def test_a_file_that_holds_no_secret(
    tmp_path: Path, places: SecretPlaces, data: bytes, why: str
) -> None:
    """The wrong file is told as such."""
    write(tmp_path / "a.token", data)

    found = places.find({"file": "a.token"})

    assert isinstance(found, NotFound)
    assert why in found.problem


def test_a_fifo_is_refused_and_does_not_hang(
    tmp_path: Path, places: SecretPlaces
) -> None:
    """Opening a FIFO that nobody writes to would wait for ever."""
    os.mkfifo(tmp_path / "fifo")

    found = places.find({"file": "fifo"})

    assert isinstance(found, NotFound)
    assert "not a regular file" in found.problem


def test_a_device_is_refused(places: SecretPlaces) -> None:
    """An endless file has no secret in it."""
    assert isinstance(places.find({"file": "/dev/zero"}), NotFound)


@pytest.mark.parametrize(
    ("mode", "warns"),
    [
        pytest.param(0o600, False, id="owner"),
        pytest.param(0o640, False, id="a-group-of-its-own"),
        pytest.param(0o644, True, id="everybody"),
    ],
)
def test_a_file_that_everybody_may_read_is_warned_of(
    tmp_path: Path, places: SecretPlaces, mode: int, warns: bool
) -> None:
    """It is used all the same: a mode must not end paging."""
    write(tmp_path / "a.token", b"x", mode)

    found = places.find({"file": "a.token"})

    assert isinstance(found, Found)
    assert (found.warning is not None) is warns


def test_a_secret_is_not_in_its_own_repr(places: SecretPlaces) -> None:
    """Logs and tracebacks print what they hold."""
    assert CANARY not in repr(places.find({"env": "TOKEN"}))


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param(CANARY, id="inline"),
        pytest.param({"env": CANARY}, id="as-a-variable"),
        pytest.param({"credential": f"../{CANARY}"}, id="as-a-path"),
        pytest.param({CANARY: "x"}, id="as-a-form"),
        pytest.param([CANARY], id="in-a-list"),
        pytest.param({"env": "EMPTY"}, id="empty-variable"),
        pytest.param({"file": "a\0b"}, id="nul-in-a-path"),
        pytest.param({}, id="nothing"),
    ],
)
def test_what_is_no_reference_is_refused_and_not_repeated(
    places: SecretPlaces, reference: object
) -> None:
    """Whoever wrote the secret into the file does not see it in the log as well."""
    found = places.find(reference)

    assert isinstance(found, NotFound)
    assert CANARY not in found.problem + found.fix


def test_without_systemd_there_are_no_credentials(tmp_path: Path) -> None:
    """The fix says how to get them, and what to use instead."""
    found = SecretPlaces(directory=tmp_path, environ={}).find({"credential": "t"})

    assert found == NotFound(
        "no $CREDENTIALS_DIRECTORY",
        "start under systemd with LoadCredential=t:PATH, or use file",
    )
