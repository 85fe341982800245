"""Templates of a config: inline or from files, and who names them."""

from collections.abc import Callable
from pathlib import Path

import pytest

from alertbridge.config import ConfigError, Loaded, keep
from alertbridge.config.templates import MAX_FILE, MAX_FILES
from alertbridge.core.recipient import RecipientName
from alertbridge.core.writing import BUILT_IN, RouteTexts, Said

LoadText = Callable[..., Loaded]

FROM_FILE = "templates: {terse: {file: terse.j2}}\n"


@pytest.fixture
def terse(tmp_path: Path) -> Path:
    """A template in a file beside the config."""
    path = tmp_path / "terse.j2"
    path.write_text("{{ status }}\n{{ more }}\n", "utf-8")
    path.chmod(0o600)
    return path


@pytest.mark.usefixtures("terse")
def test_a_template_may_stand_in_a_file(load_text: LoadText, minimal: str) -> None:
    """Relative to the config."""
    named = minimal.replace("receiver: sre}", "receiver: sre, template: terse}")
    loaded = load_text(named + FROM_FILE)

    assert list(loaded.rules.templates) == ["terse"]
    assert loaded.warnings == ()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        pytest.param(
            "{file: none.j2}", 'file: the template\'s file "none.j2" is of no use: '
            "there is no such file", id="missing",
        ),
        pytest.param("{file: .}", "it is a directory", id="directory"),
        pytest.param("{file: latin.j2}", "is not UTF-8 text", id="latin-1"),
        pytest.param("{file: large.j2}", "larger than 64 KiB", id="large"),
        pytest.param("{file: 7}", "neither a template nor its file", id="number"),
        pytest.param("{fil: terse.j2}", "neither a template nor its", id="misspelled"),
        pytest.param("{file: terse.j2, x: 1}", "neither a template nor", id="more"),
        pytest.param("{}", "neither a template nor its file", id="nothing"),
        pytest.param("7", "not text but a number", id="no-text"),
    ],
)  # fmt: skip
def test_a_file_of_no_use_is_an_error_with_its_place(
    load_text: LoadText, minimal: str, tmp_path: Path, source: str, said: str
) -> None:
    """Once, and without its echo where the template is named."""
    (tmp_path / "latin.j2").write_bytes(b"\xe5")
    (tmp_path / "large.j2").write_text("x" * (MAX_FILE + 1))
    named = minimal.replace("[anna]}]", "[anna], template: mine}]")

    with pytest.raises(ConfigError) as caught:
        load_text(f"{named}templates:\n  mine: {source}\n")

    (problem,) = caught.value.problems
    assert said in str(problem)
    assert str(problem).startswith("alertbridge.yaml:7:")


def test_what_is_wrong_in_a_file_is_said_of_the_file(
    load_text: LoadText, minimal: str, terse: Path
) -> None:
    """By its name and the line in it."""
    terse.write_text("fine\n{{ firng }}\n", "utf-8")

    with pytest.raises(ConfigError) as caught:
        load_text(minimal + FROM_FILE)

    (problem,) = caught.value.problems
    assert str(problem).startswith("terse.j2:2:1: templates.terse: line 2 of the")


@pytest.mark.parametrize(
    ("source", "place"),
    [
        pytest.param("|\n    fine\n\n    {{ firng }}\n", "9:5", id="literal"),
        pytest.param("|-  # why\n    fine\n    {{ firng }}\n", "8:5", id="comment"),
        pytest.param("&one |2\n      fine\n    {{ firng }}\n", "8:7", id="anchor"),
        pytest.param(">\n    fine\n    {{ firng }}\n", "6:9", id="folded"),
        pytest.param('"fine\\n{{ firng }}"\n', "6:9", id="quoted"),
        pytest.param("'{{ firng }}'\n", "6:9", id="one-line"),
    ],
)
def test_what_is_wrong_in_a_block_has_its_own_line(
    load_text: LoadText, minimal: str, source: str, place: str
) -> None:
    """The line a person must change, not the one the template begins on."""
    text = minimal.replace("receivers:", "templates:\n  mine: " + source + "receivers:")
    began = text.splitlines().index("templates:") + 1
    line, column = map(int, place.split(":"))

    with pytest.raises(ConfigError) as caught:
        load_text(text)

    (problem,) = caught.value.problems
    assert (problem.line, problem.column) == (line - 5 + began, column)


def test_everybody_may_change_a_file_is_a_warning(
    load_text: LoadText, minimal: str, terse: Path
) -> None:
    """Whoever writes there words everybody's pages."""
    terse.chmod(0o666)

    warnings = load_text(minimal + FROM_FILE).warnings

    assert [
        w.fix for w in warnings if "everybody may change the template" in str(w)
    ] == ["chmod o-w it"]


def test_all_files_together_are_bounded(
    load_text: LoadText, minimal: str, tmp_path: Path
) -> None:
    """They are kept with the last good copy."""
    count = MAX_FILES // MAX_FILE + 1
    for n in range(count):
        (tmp_path / f"{n}.j2").write_text("x" * MAX_FILE, "utf-8")
    files = ", ".join(f"t{n}: {{file: {n}.j2}}" for n in range(count))

    with pytest.raises(ConfigError, match="larger than 256 KiB"):
        load_text(f"{minimal}templates: {{{files}}}\n")


def test_a_changed_file_is_another_version(
    load_text: LoadText, minimal: str, terse: Path
) -> None:
    """The config did not change, and its texts did."""
    before = load_text(minimal + FROM_FILE).rules.version
    same = load_text(minimal + FROM_FILE).rules.version
    terse.write_text("{{ severity }}", "utf-8")

    after = load_text(minimal + FROM_FILE).rules.version

    assert before == same != after


@pytest.mark.parametrize("end", ["", "\n", "\n\n"], ids=["none", "one", "two"])
def test_the_last_good_copy_brings_its_templates_along(
    load_text: LoadText, minimal: str, terse: Path, tmp_path: Path, end: str
) -> None:
    """The file may be gone or broken by then: that is when the copy is needed."""
    state = tmp_path / "state"
    state.mkdir()
    odd = "{{ status }} \u2028 🔥 \\ \"quotes\" '#: '\n"
    terse.write_text(odd, "utf-8")
    first = load_text((minimal + FROM_FILE).rstrip() + end)
    keep(first.text, state)
    terse.write_text("{{ firng }}", "utf-8")

    again = load_text(
        (state / "last-good.yaml").read_text("utf-8"), secrets_from=tmp_path
    )

    assert list(again.rules.templates) == ["terse"]
    assert again.rules.version == first.rules.version
    assert again.text == first.text


def test_a_copy_that_was_made_the_config_reads_its_files_again(
    load_text: LoadText, minimal: str, terse: Path
) -> None:
    """Or nobody would understand why an edit changes nothing."""
    text = load_text(minimal + FROM_FILE).text
    terse.write_text("{{ firng }}", "utf-8")

    with pytest.raises(ConfigError, match="firng"):
        load_text(text)


def test_a_copy_somebody_edited_is_read_as_far_as_it_goes(
    load_text: LoadText, minimal: str, terse: Path, tmp_path: Path
) -> None:
    """What is no kept file is passed over; the file itself is tried."""
    text = load_text(minimal + FROM_FILE).text
    broken = text.replace('#: ["terse.j2"', '#: ["terse.j2') + "#: 7\n#: [1, 2]\n"

    assert load_text(broken, secrets_from=tmp_path).rules.templates


TREE = """\
segments: {critical: 3}
templates: {own: "{{ status }}", other: "{{ more }}"}
route:
  receiver: sre
  template: own
  segments: {other: 1}
  routes:
    - matchers: [a="1"]
      segments:
        critical: 6
      routes:
        - {matchers: [b="1"], template: other}
    - matchers: [a="2"]
      template: built-in
"""


def test_routes_inherit_template_and_budget(load_text: LoadText, minimal: str) -> None:
    """Each key by itself, with the line that says it; `built-in` turns it off."""
    rest = "\n".join(line for line in minimal.splitlines() if "route:" not in line)
    (root, first, below, second) = load_text(TREE + rest).rules.tree.root.walk()
    own = Said("own", "alertbridge.yaml:5")
    three, one = Said(3, "alertbridge.yaml:1"), Said(1, "alertbridge.yaml:6")
    six = Said(6, "alertbridge.yaml:10")

    assert root.texts == RouteTexts(template=own, critical=three, other=one)
    assert first.texts == RouteTexts(template=own, critical=six, other=one)
    assert below.texts == RouteTexts(
        template=Said("other", "alertbridge.yaml:12"), critical=six, other=one
    )
    assert second.texts == RouteTexts(
        template=Said(BUILT_IN, "alertbridge.yaml:14"), critical=three, other=one
    )


def test_a_budget_that_nobody_wrote_has_no_line(
    load_text: LoadText, minimal: str
) -> None:
    """It is the default."""
    texts = load_text(minimal).rules.tree.root.texts

    assert (texts.template, texts.other and texts.other.where) == (None, "")


def test_a_recipient_may_have_a_template(load_text: LoadText, minimal: str) -> None:
    """For all that this person gets."""
    text = minimal.replace('"]}}', '"], template: own}}') + "templates: {own: hello}\n"

    rules = load_text(text).rules

    assert rules.recipients[RecipientName("anna")].template == "own"


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        pytest.param('"]}}', '"], template: onw}}', "recipients.anna.t", id="person"),
        pytest.param("[anna]}]", "[anna], template: onw}]", "receivers[0].t", id="rec"),
        pytest.param(
            "receiver: sre}", "receiver: sre, template: onw}", "route.t", id="root"
        ),
        pytest.param(
            "receiver: sre}",
            'receiver: sre, routes: [{matchers: [a="b"], template: onw}]}',
            "route.routes[0].t",
            id="route",
        ),
    ],
)
def test_an_unknown_template_is_named_with_the_right_one(
    load_text: LoadText, minimal: str, old: str, new: str, place: str
) -> None:
    """Wherever a template may be named."""
    assert old in minimal

    with pytest.raises(ConfigError) as caught:
        load_text(minimal.replace(old, new) + "templates: {own: hello}\n")

    (problem,) = caught.value.problems
    assert f'{place}emplate: there is no template "onw"; did you mean "own"?' in str(
        problem
    )


def test_a_template_nobody_names_is_a_warning(
    load_text: LoadText, minimal: str
) -> None:
    """Whoever wonders why it is never used reads it here."""
    (warning,) = load_text(minimal + "templates: {own: hello}\n").warnings

    assert 'nobody names the template "own"' in str(warning)


def test_no_template_takes_the_name_of_the_built_in_text(
    load_text: LoadText, minimal: str
) -> None:
    """Or nobody could ask for that any more."""
    with pytest.raises(ConfigError, match="give yours another name"):
        load_text(minimal + "templates: {built-in: hello}\n")


@pytest.mark.parametrize("segments", [0, 7])
def test_a_routes_budget_has_its_limits(
    load_text: LoadText, minimal: str, segments: int
) -> None:
    """One segment to six."""
    told = f"receiver: sre, segments: {{critical: {segments}}}}}"

    with pytest.raises(ConfigError, match=r"route\.segments\.critical"):
        load_text(minimal.replace("receiver: sre}", told))
