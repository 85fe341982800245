"""A wrong account is found when the config is read, and without its password."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from alertbridge.core.recipient import Msisdn
from alertbridge.core.secret import Secret
from alertbridge.providers.smpp_options import Address, SmppOptions, destination

CANARY = "canary-9c1e"


def build(**changes: object) -> SmppOptions:
    """Make options as the config would, with *changes*."""
    given = {
        "host": "smsc.example.org",
        "system_id": "bridge",
        "password": Secret(CANARY),
        "sender": "Bridge",
    }
    return SmppOptions.model_validate(given | changes)


@pytest.mark.parametrize(
    ("changes", "address"),
    [
        pytest.param({"sender": "Bridge"}, Address("Bridge", 5, 0), id="letters"),
        pytest.param({"sender": "A1"}, Address("A1", 5, 0), id="letter-and-digit"),
        pytest.param(
            {"sender": "+46701740605"}, Address("46701740605", 1, 1), id="number"
        ),
        pytest.param({"sender": "71234"}, Address("71234", 3, 0), id="short-code"),
        pytest.param(
            {"sender": "701740605"}, Address("701740605", 0, 1), id="long-digits"
        ),
        pytest.param(
            {"sender": "71234", "sender_ton": 0, "sender_npi": 1},
            Address("71234", 0, 1),
            id="as-the-config-says",
        ),
    ],
)
def test_a_sender_has_the_type_of_its_form(
    changes: dict[str, object], address: Address
) -> None:
    """The operator may want another; most want these."""
    assert build(**changes).source == address


def test_a_recipient_is_international() -> None:
    """E.164, without the plus that the type of number says."""
    assert destination(Msisdn("+46701740605")) == Address("46701740605", 1, 1)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"tls": False, "host": "127.0.0.1"}, id="plain-to-loopback"),
        pytest.param({"tls": False, "host": "localhost"}, id="plain-to-localhost"),
        pytest.param({"tls": False, "allow_plain": True}, id="plain-on-purpose"),
        pytest.param({"host": "2001:db8::1"}, id="ipv6"),
        pytest.param({"password": Secret("x" * 64)}, id="long-password"),
        pytest.param({"system_id": "x" * 15}, id="longest-system-id"),
    ],
)
def test_options_that_are_fine(changes: dict[str, object]) -> None:
    """What operators give out."""
    assert build(**changes).port == 2775


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param({"tls": False}, "write tls: true", id="plain"),
        pytest.param({"host": "smsc.example.org:2775"}, "without a port", id="port"),
        pytest.param({"host": "smpp://smsc"}, "is not a host", id="url"),
        pytest.param({"host": "a b"}, "is not a host", id="space"),
        pytest.param({"host": "smsc\n"}, "is not a host", id="line-break"),
        pytest.param({"host": "a..b"}, "is not a host", id="dots"),
        pytest.param({"host": f"{'a' * 64}.org"}, "is not a host", id="long-label"),
        pytest.param({"host": "x." * 130 + "org"}, "is not a host", id="long-host"),
        pytest.param({"host": "::1%eth0\n"}, "is not a host", id="zone"),
        pytest.param({"host": ""}, "is not a host", id="no-host"),
        pytest.param({"system_id": ""}, "system_id", id="no-system-id"),
        pytest.param({"system_id": "x" * 16}, "up to 15", id="long-system-id"),
        pytest.param({"system_id": "a\0b"}, "printable", id="nul"),
        pytest.param({"system_type": "x" * 13}, "up to 12", id="long-system-type"),
        pytest.param({"service_type": "SMSSMS"}, "up to 5", id="long-service-type"),
        pytest.param({"password": Secret("")}, "copy it again", id="no-password"),
        pytest.param(
            {"password": Secret(f"{CANARY}\0")}, "copy it again", id="nul-in-password"
        ),
        pytest.param({"password": Secret("å")}, "copy it again", id="not-ascii"),
        pytest.param({"password": Secret("x" * 65)}, "copy it again", id="long"),
        pytest.param({"sender": "A12345678901"}, "is not a sender", id="long-sender"),
        pytest.param({"sender_ton": 7}, "sender_ton", id="no-such-ton"),
        pytest.param({"window": 0}, "window", id="no-window"),
        pytest.param({"enquire_link_interval": 1}, "enquire_link", id="too-often"),
        pytest.param({"long_texts": "sar"}, "long_texts", id="no-such-way"),
    ],
)
def test_options_that_are_refused(changes: dict[str, object], words: str) -> None:
    """They are a config error, with the fix, and not a page that fails at night."""
    with pytest.raises(ValidationError, match=words) as caught:
        build(**changes)

    assert CANARY not in str(caught.value)


def test_options_show_no_secret() -> None:
    """Neither `repr` nor a dump for people has one."""
    options = build()

    assert CANARY not in f"{options!r} {options} {options.model_dump()}"


CONFIG = """\
sources: [{name: alertmanager, type: alertmanager}]
providers:
  - name: carrier
    type: TYPE
    OPTIONS
recipients: {anna: {phones: ["+46701740605"]}}
route: {receiver: everybody}
receivers: [{name: everybody, recipients: [anna]}]
"""
SMPP = "{host: smsc.example.org, system_id: a, password: {file: p}, sender: Bridge}"


def check_without_the_extra(folder: Path, kind: str, options: str) -> tuple[int, str]:
    """Run `check-config` in a process that has no smpp34; says its end and words."""
    (folder / "p").write_text(CANARY, "utf-8")
    (folder / "p").chmod(0o600)
    path = folder / "alertbridge.yaml"
    text = CONFIG.replace("TYPE", kind).replace("    OPTIONS\n", options)
    path.write_text(text, "utf-8")
    program = (
        "import sys; sys.modules['smpp34'] = None;"
        "from alertbridge.cli import main; main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "check-config", "-c", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_without_the_extra_the_config_says_what_to_install(tmp_path: Path) -> None:
    """With the line it is about, and without a traceback."""
    lines = "".join(f"    {one}\n" for one in SMPP.strip("{}").split(", "))

    code, said = check_without_the_extra(tmp_path, "smpp", lines)

    assert code == 2
    assert "alertbridge.yaml:3" in said
    assert "pip install 'alertbridge[smpp]'" in said
    assert "Traceback" not in said
    assert CANARY not in said


def test_without_the_extra_every_other_type_works(tmp_path: Path) -> None:
    """An extra is needed by who names it, and by nobody else."""
    code, said = check_without_the_extra(tmp_path, "console", "")

    assert (code, said.partition(":")[0]) == (0, "ok"), said
