"""The shape of the code: floors, homes of third-party packages, file lengths.

Each rule is a function of a tree of files and is checked twice: our tree must pass it,
and a tree with a planted violation must not.
"""

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "alertbridge"

FLOORS: Mapping[str, int] = {
    "core": 0,
    "ports": 1,
    "config": 2,
    "engine": 2,
    "providers": 2,
    "sources": 2,
    "stores": 2,
    "systemd": 2,
    "telemetry": 2,
    "simulator": 3,
    "web": 3,
    "wiring": 4,
    "cli": 5,
    "__main__": 6,
}
"""The floor of each part; a part imports from below, and from itself."""

HOMES: Mapping[str, tuple[str, ...]] = {
    "aiohttp": ("providers/", "web/", "simulator/", "wiring", "cli/"),
    "anyascii": ("core/",),
    "apprise": ("providers/apprise",),
    "click": ("cli/",),
    "jinja2": ("core/template",),
    "markupsafe": ("core/template",),
    "phonenumbers": ("config/",),
    "prometheus_client": ("telemetry/metrics",),
    "pydantic": ("config/", "providers/", "sources/", "web/"),
    "pydantic_core": ("config/",),
    "re2": ("core/regex",),
    "smpp34": ("providers/smpp",),
    "sqlite3": ("stores/sqlite",),
    "structlog": ("engine/", "telemetry/", "web/", "wiring", "cli/"),
    "tenacity": ("providers/", "cli/"),
    "uvloop": ("wiring",),
    "yaml": ("config/",),
}
"""Where a package may be imported: paths under the package that begin so."""

SERVER_HOMES = ("web/", "simulator/", "wiring")
"""Where `aiohttp.web` may be imported: who serves, as opposed to who calls."""

# What only computes. No clock (time), no dice (random, secrets, uuid), no I/O (os, io,
# pathlib, socket, subprocess), no logging, no concurrency.
PURE = frozenset(
    {
        *("abc", "bisect", "calendar", "collections", "dataclasses", "datetime"),
        *("difflib", "enum", "functools", "hashlib", "heapq", "itertools", "math"),
        *("operator", "re", "string", "types", "typing", "unicodedata"),
    }
)
"""The standard library as far as core may use it."""

LONGEST = 400
"""Lines of the longest file."""

VAGUE = frozenset({"utils", "helpers", "manager", "base", "service", "common"})
"""Names that say nothing about a file."""


@dataclass(frozen=True, slots=True)
class Import:
    """One name that one file imports, as `from` and `import` both spell it."""

    file: str
    line: int
    module: str
    level: int = 0

    @property
    def part(self) -> str:
        """The part of the package that imports."""
        return self.file.split("/")[0].removesuffix(".py")

    def __str__(self) -> str:
        return f"{self.file}:{self.line} imports {self.module}"


def python_files(root: Path) -> list[Path]:
    """All Python files of a tree, in order."""
    return sorted(root.rglob("*.py"))


def imports(root: Path) -> Iterator[Import]:
    """Every import of a tree, also those inside functions."""
    for path in python_files(root):
        file = path.relative_to(root).as_posix()
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield Import(file, node.lineno, alias.name)
            elif isinstance(node, ast.ImportFrom):
                module = node.module or ""
                for alias in node.names:
                    yield Import(
                        file, node.lineno, f"{module}.{alias.name}", node.level
                    )


def upward_or_sideways(root: Path) -> list[str]:
    """Imports that do not go down."""
    found = []
    for one in imports(root):
        package, _, rest = one.module.partition(".")
        if package != "alertbridge" or one.file == "__init__.py":
            continue
        target = rest.split(".")[0]
        if target == one.part or target.startswith("__version__"):
            continue
        here, there = FLOORS.get(one.part), FLOORS.get(target)
        if here is None or there is None or there >= here:
            found.append(str(one))
    return found


def parts_without_floor(root: Path) -> list[str]:
    """Files and folders that nobody gave a floor."""
    parts = {
        p.relative_to(root).parts[0].removesuffix(".py") for p in python_files(root)
    }
    return sorted(parts - FLOORS.keys() - {"__init__"})


def relative(root: Path) -> list[str]:
    """Relative imports: which floor they cross cannot be read."""
    return [str(one) for one in imports(root) if one.level]


def hidden(root: Path) -> list[str]:
    """Imports for the type checker only: a wrong floor with an excuse."""
    unwanted = {"typing.TYPE_CHECKING", "__future__.annotations"}
    found = [str(one) for one in imports(root) if one.module in unwanted]
    for path in python_files(root):
        found.extend(
            f"{path.relative_to(root)}:{node.lineno} TYPE_CHECKING"
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Attribute) and node.attr == "TYPE_CHECKING"
        )
    return found


def impure(root: Path) -> list[str]:
    """What core imports that does more than compute."""
    return [
        str(one)
        for one in imports(root)
        if one.part == "core"
        and (top := one.module.split(".")[0]) in sys.stdlib_module_names
        and top not in PURE
    ]


def impure_calls(root: Path) -> list[str]:
    """What core calls that reads a clock or a file: no import is needed for these."""
    found = []
    for path in python_files(root / "core"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            match node.func:
                case ast.Name(id="open" | "print" | "input" | "__import__" as name):
                    found.append(f"{path.relative_to(root)}:{node.lineno} {name}()")
                case ast.Attribute(attr="now" | "utcnow" | "today" as name):
                    found.append(f"{path.relative_to(root)}:{node.lineno} .{name}()")
                case _:
                    pass
    return found


def homeless(root: Path) -> list[str]:
    """Third-party packages imported where they do not live."""
    found = []
    for one in imports(root):
        top = one.module.split(".")[0]
        if (
            one.level
            or top == "alertbridge"
            or top in sys.stdlib_module_names - {"sqlite3"}
        ):
            continue
        homes = HOMES.get(top, ())
        if one.module.startswith("aiohttp.web"):
            homes = SERVER_HOMES
        if not one.file.startswith(homes or ("nowhere",)):
            found.append(str(one))
    return found


def long_files(root: Path) -> list[str]:
    """Files that hold more than one idea."""
    lengths = ((p, len(p.read_text("utf-8").splitlines())) for p in python_files(root))
    return [f"{p.relative_to(root)}: {n} lines" for p, n in lengths if n > LONGEST]


def vague_names(root: Path) -> list[str]:
    """Files whose name says nothing."""
    return [
        str(path.relative_to(root))
        for path in root.rglob("*")
        if VAGUE & set(path.stem.split("_")) and path.suffix in {"", ".py"}
    ]


def undocumented(root: Path) -> list[str]:
    """Files that do not say what question they answer."""
    return [
        str(path.relative_to(root))
        for path in python_files(root)
        if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]


Rule = Callable[[Path], list[str]]

RULES: tuple[Rule, ...] = (
    upward_or_sideways,
    parts_without_floor,
    relative,
    hidden,
    impure,
    impure_calls,
    homeless,
    long_files,
    vague_names,
    undocumented,
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_tree_keeps(rule: Rule) -> None:
    """Every rule holds everywhere."""
    assert rule(ROOT) == []


@pytest.mark.parametrize(
    ("rule", "file", "code"),
    [
        pytest.param(
            upward_or_sideways, "core/a.py", "from alertbridge import ports", id="up"
        ),
        pytest.param(
            upward_or_sideways, "ports.py", "import alertbridge.cli.serve", id="far-up"
        ),
        pytest.param(
            upward_or_sideways,
            "engine/a.py",
            "from alertbridge.stores.sqlite import open_store",
            id="sideways",
        ),
        pytest.param(
            upward_or_sideways,
            "web/a.py",
            "def f():\n    from alertbridge.simulator import gateway",
            id="sideways-in-a-function",
        ),
        pytest.param(
            upward_or_sideways, "core/a.py", "import alertbridge", id="the-whole"
        ),
        pytest.param(
            upward_or_sideways,
            "cli/a.py",
            "from alertbridge.helpers import f",
            id="no-such-floor",
        ),
        pytest.param(parts_without_floor, "misc.py", "X = 1", id="new-part"),
        pytest.param(relative, "engine/a.py", "from . import intake", id="relative"),
        pytest.param(relative, "engine/a.py", "from ..core import x", id="dots"),
        pytest.param(
            hidden, "core/a.py", "from typing import TYPE_CHECKING", id="typing"
        ),
        pytest.param(
            hidden,
            "core/a.py",
            "import typing\nif typing.TYPE_CHECKING:\n    pass",
            id="typing-attribute",
        ),
        pytest.param(
            hidden, "core/a.py", "from __future__ import annotations", id="future"
        ),
        pytest.param(impure, "core/a.py", "import asyncio", id="asyncio"),
        pytest.param(impure, "core/a.py", "import logging", id="logging"),
        pytest.param(impure, "core/a.py", "from time import time", id="clock"),
        pytest.param(impure, "core/a.py", "from random import random", id="dice"),
        pytest.param(impure, "core/a.py", "import os.path", id="files"),
        pytest.param(
            impure_calls,
            "core/a.py",
            "from datetime import datetime\nNOW = datetime.now()",
            id="now",
        ),
        pytest.param(impure_calls, "core/a.py", "open('x')", id="open"),
        pytest.param(homeless, "core/a.py", "import structlog", id="core-logs"),
        pytest.param(homeless, "engine/a.py", "import sqlite3", id="sql-in-engine"),
        pytest.param(
            homeless, "stores/memory.py", "import sqlite3", id="sql-elsewhere"
        ),
        pytest.param(
            homeless, "providers/a.py", "from aiohttp import web", id="provider-serves"
        ),
        pytest.param(homeless, "engine/a.py", "import aiohttp", id="engine-calls"),
        pytest.param(homeless, "web/a.py", "import requests", id="unknown-package"),
        pytest.param(
            homeless,
            "engine/a.py",
            "from prometheus_client import Counter",
            id="engine-counts",
        ),
        pytest.param(long_files, "core/a.py", "X = 1\n" * 401, id="long"),
        pytest.param(vague_names, "core/text_utils.py", "X = 1", id="utils"),
        pytest.param(vague_names, "common/a.py", "X = 1", id="common"),
        pytest.param(undocumented, "core/a.py", "X = 1", id="no-docstring"),
    ],
)
def test_a_planted_violation_is_caught(
    tmp_path: Path, rule: Rule, file: str, code: str
) -> None:
    """A rule that cannot fail is no rule."""
    path = tmp_path / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(code, "utf-8")

    assert rule(tmp_path)


def test_a_tree_that_keeps_the_rules_passes_them(tmp_path: Path) -> None:
    """A rule that always fails is none either."""
    files = {
        "core/alert.py": "import re",
        "core/template.py": "from jinja2 import nodes",
        "engine/intake.py": "import structlog\nfrom alertbridge.core import alert",
        "web/app.py": "from aiohttp import web\nfrom alertbridge.ports import Store",
        "cli/serve.py": "import click\nfrom alertbridge.wiring import run\n"
        "from alertbridge import __version__",
    }
    for file, code in files.items():
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f'"""What it answers."""\n{code}\n', "utf-8")

    assert {rule.__name__: rule(tmp_path) for rule in RULES} == {
        rule.__name__: [] for rule in RULES
    }
