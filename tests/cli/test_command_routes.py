"""`routes` and `routes test`: what amtool's users expect."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]


def test_the_tree_shows_every_route_with_its_line(run: Run) -> None:
    """Who asks "which route?" gets file and line."""
    assert run("routes").stdout.splitlines() == [
        "default  receiver: sre  (pager.yaml:11)",
        '  {team="db"}  receiver: sre  continue  (pager.yaml:14)',
        '  {team="db"}  receiver: sre  continue  (pager.yaml:17)',
        '  {team="db"}  receiver: bare  (pager.yaml:20)',
        '  {severity="info"}  receiver: quiet  (pager.yaml:22)',
    ]


@pytest.mark.parametrize(
    ("labels", "receivers"),
    [
        pytest.param(["severity=info"], "quiet", id="one"),
        pytest.param(['severity="info"'], "quiet", id="quoted"),
        pytest.param(["a=b"], "sre", id="default"),
        pytest.param([], "sre", id="no-labels"),
        pytest.param(["team=db"], "sre,sre,bare", id="duplicates-kept"),
        pytest.param(["team=db", "severity=info"], "sre,sre,bare", id="first-wins"),
    ],
)
def test_receivers_are_comma_separated(
    run: Run, labels: list[str], receivers: str
) -> None:
    """On one line, in the order of the tree."""
    assert run("routes", "test", *labels).stdout == f"{receivers}\n"


@pytest.mark.parametrize(
    ("expected", "code"),
    [
        pytest.param("sre,sre,bare", 0, id="right"),
        pytest.param("sre,bare", 1, id="duplicate-missing"),
        pytest.param("sre,bare,sre", 1, id="order"),
    ],
)
def test_receivers_can_be_verified(run: Run, expected: str, code: int) -> None:
    """For a test of one's own routing."""
    done = run("routes", "test", f"--verify.receivers={expected}", "team=db")

    assert done.exit_code == code


def test_lines_of_labels_give_lines_of_receivers(run: Run) -> None:
    """One process for a thousand questions; blank lines are nothing."""
    done = run(
        *("routes", "test", "--stdin"),
        stdin='{"team": "db"}\n\n{"severity": "info"}\n{}\n',
    )

    assert done.stdout.splitlines() == [
        '["sre", "sre", "bare"]',
        '["quiet"]',
        '["sre"]',
    ]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("team=db", id="not-json"),
        pytest.param('["team"]', id="not-an-object"),
        pytest.param('{"team": 1}', id="not-text"),
    ],
)
def test_a_line_that_is_no_label_set_is_named(run: Run, line: str) -> None:
    """By its number: who feeds a thousand lines must find it."""
    done = run("routes", "test", "--stdin", stdin="{}\n" + line)

    assert (done.exit_code, "line 2" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    "arguments",
    [
        pytest.param(["routes", "-c", "{}", "test", "team=web"], id="before"),
        pytest.param(["routes", "test", "-c", "{}", "team=web"], id="after"),
        pytest.param(
            ["routes", "-c", "/nowhere", "test", "--config.file", "{}", "team=web"],
            id="the-nearer-counts",
        ),
        pytest.param(["outbox", "-c", "{}", "list"], id="outbox-before"),
        pytest.param(["outbox", "list", "-c", "{}"], id="outbox-after"),
    ],
)
def test_the_config_is_named_in_either_place(
    run: Run, config: Path, arguments: list[str]
) -> None:
    """Before the sub-command or after it, over the environment's."""
    called = [argument.format(config) for argument in arguments]

    done = run(*called, ALERTBRIDGE_CONFIG="/nowhere/pager.yaml")

    assert "pager.yaml" not in done.stderr


def test_the_tree_says_what_mutes_a_route_and_what_breaks_through(
    run: Run, config: Path
) -> None:
    """By the names of the intervals, and the least severity."""
    text = config.read_text("utf-8").replace(
        '    - matchers: [severity="info"]\n',
        '    - matchers: [severity="info"]\n'
        "      mute_time_intervals: [night]\n"
        "      breaks_through: high\n",
    )
    night = '[{times: [{start_time: "22:00", end_time: "07:00"}]}]'
    text += f"time_intervals: [{{name: night, time_intervals: {night}}}]\n"
    config.write_text(text, "utf-8")

    lines = run("routes").stdout.splitlines()

    assert "muted: night  breaks through: high  (pager.yaml:" in lines[-1]
