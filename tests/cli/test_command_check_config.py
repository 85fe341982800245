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


def said(done: Result) -> list[str]:
    """What it says of templates, but for that nobody names them."""
    return [line for line in done.stderr.splitlines() if "nobody names" not in line]


def with_templates(config: Path, text: str) -> None:
    """Add templates to the config."""
    with config.open("a", encoding="utf-8") as more:
        more.write(text)


WORDY = """\
templates:
  wordy: "{% for a in alerts %}{{ a.labels.items()|list|length }} {{ a.summary }} \
and some more words about it, so that it is long enough to be cut. {% endfor %}"
  terse: "{{ status }} {{ alerts|length }}"
"""


def test_a_template_has_a_line_with_its_worst(run: Run, config: Path) -> None:
    """And a warning where a sample had to be cut; not for what is endless."""
    with_templates(config, WORDY)

    done = run("check-config")

    assert done.exit_code == 0
    assert done.stdout.splitlines()[1:] == [
        "template wordy: 2 segments at most (sample mixed)",
        "template terse: 1 segment at most (sample firing)",
    ]
    warnings = said(done)
    assert [line for line in warnings if "on the sample digest: it takes" in line]
    assert all("templates.wordy: cut on the sample" in line for line in warnings)
    assert not [line for line in warnings if "sample long" in line]


def test_the_table_shows_every_sample(run: Run, config: Path) -> None:
    """The built-in text first, to compare with."""
    with_templates(config, WORDY)

    table = run("check-config", "-v").stdout.splitlines()

    rows = [line.split() for line in table if line.startswith(("built-in", "terse"))]
    assert [row[1] for row in rows if row[0] == "terse"][:3] == [
        "firing",
        "resolved",
        "mixed",
    ]
    assert len(rows) >= 24
    assert table[0].split()[:3] == ["TEMPLATE", "SAMPLE", "SEGMENTS"]
    assert ["built-in", "digest", "2", "2", "gsm"] in [row[:5] for row in rows]


def test_the_table_is_data_on_request(run: Run, config: Path) -> None:
    """Beside the problems, which keep their shape."""
    with_templates(config, WORDY)

    alone = json.loads(run("check-config", "--json").stdout)
    found = json.loads(run("check-config", "--json", "--templates").stdout)

    assert found["problems"] == alone
    (cut,) = (
        text
        for text in found["templates"]
        if (text["template"], text["sample"]) == ("wordy", "digest")
    )
    assert (cut["cut"], cut["segments"], cut["budget"]) == (True, 2, 2)
    assert cut["uncut_segments"] > 2
    assert cut["text"].endswith("...")


def test_a_template_is_tried_with_the_room_its_routes_give(
    run: Run, config: Path
) -> None:
    """The least of them: what fits there fits everywhere."""
    edit(config, "receiver: quiet", "receiver: quiet\n      template: wordy\n"
         "      segments: {critical: 1, other: 1}")  # fmt: skip
    with_templates(config, WORDY)

    found = json.loads(run("check-config", "--json", "--templates").stdout)

    budgets = {(t["template"], t["budget"]) for t in found["templates"]}
    assert ("terse", 2) in budgets
    assert [budget for name, budget in budgets if name == "wordy"] == [1]


def test_a_fault_is_told_with_its_own_line(run: Run, config: Path) -> None:
    """Once, however many samples show it."""
    with_templates(
        config,
        "templates:\n  mine: |\n    fine\n    {{ alerts[0].labels.team }}\n"
        "  other: '{{ firing[0].name }}'\n",
    )
    lines = config.read_text("utf-8").splitlines()
    line = lines.index("    {{ alerts[0].labels.team }}") + 1

    done = run("check-config")

    first, second = said(done)
    assert done.exit_code == 2
    assert first.startswith(f"pager.yaml:{line}:5: templates.mine: on every sample:")
    assert second.startswith(f"pager.yaml:{line + 1}:10: templates.other: on the samp")
    assert "on the sample resolved: template other, line 1: there is no element 0" in (
        second
    )


def test_a_fault_in_a_file_is_told_of_the_file(
    run: Run, config: Path, tmp_path: Path
) -> None:
    """By its path as the config has it."""
    (tmp_path / "own.j2").write_text("fine\n\n{{ 1 / 0 }}\n", "utf-8")
    with_templates(config, "templates: {own: {file: own.j2}}\n")

    done = run("check-config")

    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1].startswith("own.j2:3:1: templates.own: on eve")
