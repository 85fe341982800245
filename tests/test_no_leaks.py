"""Nothing in the tree that belongs to a machine, a person or an account.

Test numbers are from one small range; secrets in tests are made up and say so.
"""

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

GENERATED = frozenset({"__pycache__", "build", "dist", "htmlcov", "node_modules"})
KEPT_DOT_NAMES = frozenset({".ci", ".github", ".gitignore", ".pre-commit-config.yaml"})

ALLOWED_NUMBER = re.compile(r"(?:\+46|0046|46|0)7017406(?:0[5-9]|[1-9][0-9])")
"""Numbers that no phone has: +46 70-174 06 05 to 06 99 (PTS, for use in fiction)."""

# The patterns are written so that they do not match themselves.
NUMBER = re.compile(
    r"\+[1-9][0-9]{10,14}"
    r"|(?<![0-9A-Za-z.+])(?:00)?467[0-9]{8}(?![0-9A-Za-z])"
    r"|(?<![0-9A-Za-z.+])07[0-9]{8}(?![0-9A-Za-z])"
)

SECRETS = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE[ ]KEY"
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}"
    r"|\bgithub_pat_[A-Za-z0-9_]{20,}"
    r"|\bglpat-[A-Za-z0-9_-]{20,}"
    r"|\bxox[abpr]-[A-Za-z0-9-]{10,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}"
)

REGISTRIES = re.compile(
    r"https?://[^\s\"'`]*(?:/simple/?\b|artifactory|nexus|devpi|/pypi/)"
    r"|--(?:extra-)?index[-]url|[A-Z]+_INDEX[_]URL|PIP_TRUSTED[_]HOST",
    re.IGNORECASE,
)


def machine_paths() -> re.Pattern[str]:
    """Folders of the machine this runs on; one-level ones could be anybody's."""
    own = {ROOT, Path.home(), Path(sys.prefix), Path(sys.base_prefix)}
    usual = {"/usr/local"}
    deep = {str(path) for path in own if len(path.parts) > 2} - usual
    homes = [r"/root/\w", r"/home/[a-z]\w*/", r"/Users/[A-Za-z]\w*/"]
    return re.compile("|".join([*(re.escape(path) + "/" for path in deep), *homes]))


def files(root: Path) -> Iterator[Path]:
    """Every file that belongs to the project."""
    for path in sorted(root.iterdir()):
        hidden = path.name.startswith(".") and path.name not in KEPT_DOT_NAMES
        if hidden or path.name in GENERATED or path.name.endswith(".egg-info"):
            continue
        if path.is_dir():
            yield from files(path)
        elif path.suffix not in {".db", ".pyc"}:
            yield path


def found(root: Path, pattern: re.Pattern[str]) -> Iterator[tuple[str, str]]:
    """Where a pattern is in the tree: file and line, and what it matched."""
    for path in files(root):
        if path == Path(__file__):
            continue
        text = path.read_text("utf-8", errors="replace")
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            yield f"{path.relative_to(root)}:{line}", match.group()


def strange_numbers(root: Path) -> list[str]:
    """Numbers that might be somebody's."""
    return [
        where
        for where, number in found(root, NUMBER)
        if not ALLOWED_NUMBER.match(number)
    ]


def leaks(root: Path, pattern: re.Pattern[str]) -> list[str]:
    """Where a pattern is; not what it matched, which may be the secret."""
    return [where for where, _ in found(root, pattern)]


PATTERNS: Mapping[str, re.Pattern[str]] = {
    "machine-paths": machine_paths(),
    "registries": REGISTRIES,
    "secrets": SECRETS,
}


def test_only_numbers_that_no_phone_has() -> None:
    """A test that goes wrong must not be able to wake anybody."""
    assert strange_numbers(ROOT) == []


@pytest.mark.parametrize("name", PATTERNS)
def test_the_tree_leaks_nothing(name: str) -> None:
    """What is private to a machine or an account stays out."""
    assert leaks(ROOT, PATTERNS[name]) == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("+467" + "01740600", id="next-to-the-range"),
        pytest.param("to: 467" + "09999999,", id="no-plus"),
        pytest.param("ring 07" + "09999999", id="national"),
        pytest.param("+1415" + "5550100", id="abroad"),
    ],
)
def test_a_strange_number_is_found(tmp_path: Path, text: str) -> None:
    """The search can fail."""
    (tmp_path / "a.yaml").write_text(text)

    assert strange_numbers(tmp_path) == ["a.yaml:1"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        pytest.param("machine-paths", "see /root" + "/notes", id="root"),
        pytest.param("machine-paths", "see /home/" + "anna/notes", id="home"),
        pytest.param("registries", "https://pip.example" + "/simple/", id="index"),
        pytest.param("registries", "pip install --index" + "-url x", id="option"),
        pytest.param("secrets", "-----BEGIN PRIVATE" + " KEY-----", id="key"),
        pytest.param("secrets", "gh" + "p_" + "a" * 30, id="token"),
    ],
)
def test_a_leak_is_found(tmp_path: Path, name: str, text: str) -> None:
    """The search can fail."""
    (tmp_path / ".ci").mkdir()
    (tmp_path / ".ci" / "run").write_text(f"first line\n{text}\n")

    assert leaks(tmp_path, PATTERNS[name]) == [".ci/run:2"]
