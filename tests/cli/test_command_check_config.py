"""`check-config`: every problem at once, where it is, and what to write instead."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]


def edit(config: Path, old: str, new: str) -> None:
    """Change one piece of the config."""
    text = config.read_text("utf-8")
    assert old in text
    config.write_text(text.replace(old, new, 1), "utf-8")


def test_a_good_file_is_counted(run: Run) -> None:
    """Exit code 0, and what was understood."""
    done = run("check-config")

    assert (done.exit_code, done.stdout) == (
        0,
        (
            "ok: 2 sources, 1 providers, 3 recipients, 3 receivers, 5 routes,"
            " 0 templates\n"
        ),
    )


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param(
            "route:\n",
            "rooute:\n",
            "pager.yaml:11:1: rooute: unknown key",
            id="unknown-key",
        ),
        pytest.param(
            '"+46701740605"',
            "+46701740605",
            "pager.yaml:9:19: recipients.anna.phones[0]:",
            id="unquoted-phone",
        ),
        pytest.param(
            "receiver: quiet",
            "receiver: quite",
            "pager.yaml:23:17: route.routes[3].receiver:",
            id="no-such-receiver",
        ),
    ],
)
def test_a_problem_has_its_place(
    run: Run, config: Path, old: str, new: str, said: str
) -> None:
    """file:line:column first, as compilers write it."""
    edit(config, old, new)

    done = run("check-config")

    assert done.exit_code == 2
    assert [line for line in done.stderr.splitlines() if line.startswith(said)]


def test_the_file_may_be_an_argument(run: Run, config: Path) -> None:
    """As `promtool check config FILE`."""
    done = run("check-config", str(config), ALERTBRIDGE_CONFIG="/nowhere")

    assert done.exit_code == 0


def test_problems_are_data_on_request(run: Run, config: Path) -> None:
    """For editors and pipelines."""
    edit(config, "route:\n", "rooute:\n")

    done = run("check-config", "--json")

    assert done.exit_code == 2
    assert {(p["line"], p["column"], p["level"]) for p in json.loads(done.stdout)} >= {
        (11, 1, "error")
    }


def test_a_template_that_fails_on_a_sample_is_an_error(run: Run, config: Path) -> None:
    """It would fall back at night; better to hear of it by day."""
    with config.open("a", encoding="utf-8") as more:
        more.write('templates: {mine: "{{ firing[0].labels.alertname | int / 0 }}"}\n')

    done = run("check-config")

    assert (done.exit_code, "templates.mine" in done.stderr) == (2, True)


@pytest.fixture
def secretive(config: Path) -> Path:
    """The config with a token as a credential of the unit."""
    edit(
        config,
        "type: alertmanager}",
        "type: alertmanager, authorization: {credentials: {credential: token}}}",
    )
    return config


@pytest.mark.usefixtures("secretive")
def test_a_credential_of_the_unit_is_a_warning_in_a_shell(run: Run) -> None:
    """Only the unit can see it: that is no mistake in the file."""
    done = run("check-config")

    assert done.exit_code == 0
    assert done.stderr.startswith("pager.yaml:4:")
    assert "(warning)" in done.stderr


@pytest.mark.usefixtures("secretive")
def test_a_credential_that_the_unit_lacks_is_an_error(run: Run, tmp_path: Path) -> None:
    """Where there are credentials, this one must be among them."""
    done = run("check-config", CREDENTIALS_DIRECTORY=str(tmp_path))

    assert (done.exit_code, "pager.yaml:4:" in done.stderr) == (2, True)


def test_a_secret_file_that_is_missing_is_an_error(run: Run, config: Path) -> None:
    """A path is the same for everybody."""
    edit(
        config,
        "type: alertmanager}",
        "type: alertmanager, authorization: {credentials: {file: none}}}",
    )

    assert run("check-config").exit_code == 2


@pytest.mark.usefixtures("secretive")
def test_other_commands_need_no_secret(run: Run) -> None:
    """Who looks at the queue at night is not the daemon's user."""
    assert run("routes", "test", "severity=info").stdout == "quiet\n"


def test_online_asks_each_provider(run: Run) -> None:
    """One line per finding."""
    done = run("check-config", "--online")

    assert (done.exit_code, "console: prints messages" in done.stdout) == (0, True)


def test_online_exits_with_1_if_a_provider_says_no(
    run: Run, config: Path, tmp_path: Path
) -> None:
    """The file is right, the answer is no."""
    token = tmp_path / "gateway.token"
    token.write_text("made-up", "utf-8")
    token.chmod(0o600)
    edit(
        config,
        "{name: console, type: console}",
        '{name: ip1, type: ip1, base_url: "http://127.0.0.1:1",'
        " token: {file: gateway.token}, sender: iP1}",
    )

    done = run("check-config", "--online")

    assert (done.exit_code, "made-up" in done.output) == (1, False)


@pytest.mark.usefixtures("secretive")
def test_online_needs_the_secrets(run: Run) -> None:
    """A gateway's no to a token that was never read would mislead."""
    done = run("check-config", "--online")

    assert (done.exit_code, "LoadCredential=token" in done.stderr) == (2, True)
