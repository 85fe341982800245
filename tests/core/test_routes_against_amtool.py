"""The same config and labels give the same receivers as Alertmanager's own amtool.

Random trees in classic syntax. `ALERTBRIDGE_AMTOOL_CASES` asks for more of them than
the default 2,000 (a release wants 20,000), `ALERTBRIDGE_AMTOOL_SEED` for others.
"""

import json
import os
import random
import shutil
import subprocess
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from alertbridge.core.matcher import Matcher, MatcherError, Op, parse_matchers
from alertbridge.core.matcher_classic import read_classic
from alertbridge.core.recipient import ReceiverName
from alertbridge.core.route import Route, RouteTree

AMTOOL = shutil.which("amtool")
CASES = int(os.environ.get("ALERTBRIDGE_AMTOOL_CASES", "2000"))
SEED = int(os.environ.get("ALERTBRIDGE_AMTOOL_SEED", "20260115"))
LABEL_SETS = 8
SYNTAX_SHARE = 5

pytestmark = [
    pytest.mark.skipif(AMTOOL is None, reason="amtool is not installed"),
    pytest.mark.timeout(120 + CASES // 10),
]

RECEIVERS = ("root", "db", "web", "net", "audit")
NAMES = ("team", "severity", "env", "_x1", "job:rate")
VALUES = (
    "",
    "a",
    "b",
    "ab",
    "a,b",
    'say "a"',
    "a\\b",
    "a b",
    "{a}",
    "å🙂",
    "a\nb",
    "a=~b",
)
PATTERNS = (
    "",
    "a",
    "a|b",
    "a|",
    ".*",
    ".+",
    "[ab]+",
    "a.b",
    "(?s)a.b",
    "(?i)A",
    r"\w+",
    r"a\\b",
    r"\{a\}",
    "^a$",
    "å.",
    r"\p{L}+",
    "a,b",
    "a)|(?:b",
)
# Alertmanager anchors a `match_re:` twice, which mends the last pattern's parentheses;
# in `matchers:` it stays torn, and so it does here.
OLD_PATTERNS = PATTERNS[:-1]

Node = dict[str, object]


def quoted(value: str) -> str:
    """Write a value in double quotes, with the escapes of the classic grammar."""
    return (
        '"' + value.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"') + '"'
    )


def some_matcher(dice: random.Random) -> str:
    """Write a matcher, quoted or bare where that can be."""
    op = dice.choice(list(Op))
    value = dice.choice(PATTERNS if op.is_regex else VALUES)
    bare = value.isalnum() or value in ("", ".*", "a|b", "a b")
    spaces = dice.choice(("", "", " "))
    shown = value if bare and dice.random() < 0.4 else quoted(value)
    return f"{dice.choice(NAMES)}{spaces}{op}{spaces}{shown}"


def some_matchers(dice: random.Random) -> list[str]:
    """Write the entries of a `matchers:` list; one may hold a comma list."""
    entries = []
    for _ in range(dice.choice((0, 1, 1, 1, 2))):
        entry = ",".join(some_matcher(dice) for _ in range(dice.choice((1, 1, 1, 2))))
        entries.append(f"{{{entry}}}" if dice.random() < 0.3 else entry)
    return entries


def some_node(dice: random.Random, depth: int) -> Node:
    """Grow a node of the `route:` tree as YAML will have it."""
    node: Node = {}
    if dice.random() < 0.8:
        node["receiver"] = dice.choice(RECEIVERS)
    if dice.random() < 0.8:
        node["matchers"] = some_matchers(dice)
    if dice.random() < 0.15:
        node["match"] = {dice.choice(NAMES[:4]): dice.choice(VALUES)}
    if dice.random() < 0.15:
        node["match_re"] = {dice.choice(NAMES[:4]): dice.choice(OLD_PATTERNS)}
    if dice.random() < 0.4:
        node["continue"] = dice.random() < 0.8
    if depth:
        node["routes"] = [
            some_node(dice, depth - 1) for _ in range(dice.choice((0, 1, 2, 3, 4)))
        ]
    return node


def some_root(dice: random.Random) -> Node:
    """Grow a whole tree, up to four levels below the root."""
    routes = [some_node(dice, dice.randint(0, 3)) for _ in range(dice.randint(1, 6))]
    return {"receiver": "root", "routes": routes}


def some_labels(dice: random.Random) -> dict[str, str]:
    """Draw a label set with holes in it."""
    names = dice.sample((*NAMES, "other"), dice.randint(0, len(NAMES)))
    return {name: dice.choice(VALUES) for name in names}


def route_of(node: Mapping[str, object], inherited: str = "root") -> Route:
    """Make our tree of the same node."""
    receiver = str(node.get("receiver", inherited))
    matchers: list[Matcher] = []
    for key, op in (("match", Op.EQUAL), ("match_re", Op.MATCH)):
        old = node.get(key, {})
        assert isinstance(old, dict)
        matchers += [Matcher(name, op, value) for name, value in old.items()]
    entries, children = node.get("matchers", []), node.get("routes", [])
    assert isinstance(entries, list)
    assert isinstance(children, list)
    for entry in entries:
        matchers += parse_matchers(entry)
    return Route(
        id="",
        receiver=ReceiverName(receiver),
        matchers=tuple(matchers),
        continues=bool(node.get("continue", False)),
        children=tuple(route_of(child, receiver) for child in children),
    )


def write_config(path: Path, root: Node) -> None:
    """Write a config for amtool; JSON is YAML, and quotes every odd character."""
    config = {"route": root, "receivers": [{"name": name} for name in RECEIVERS]}
    path.write_text(json.dumps(config, ensure_ascii=False), encoding="utf-8")


def ask_amtool(config: Path, labels: Mapping[str, str]) -> str | None:
    """Ask for the receivers; None: amtool does not take the config."""
    assert AMTOOL is not None
    arguments = [f"{name}={quoted(value)}" for name, value in labels.items()]
    asked = subprocess.run(
        [AMTOOL, "config", "routes", "test", f"--config.file={config}", *arguments],
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    return asked.stdout.strip() if asked.returncode == 0 else None


def compare(directory: Path, seed: int) -> list[str]:
    """Build one tree, ask both about some label sets, and tell the differences."""
    dice = random.Random(seed)
    root = some_root(dice)
    config = directory / f"{seed}.yml"
    write_config(config, root)
    tree = RouteTree(route_of(root))
    differences = []
    for labels in (some_labels(dice) for _ in range(LABEL_SETS)):
        ours = ",".join(route.receiver for route in tree.match(labels))
        theirs = ask_amtool(config, labels)
        if ours != theirs:
            differences.append(
                f"seed {seed}: {labels}: ours {ours}, amtool {theirs}\n"
                f"{config.read_text(encoding='utf-8')}"
            )
    return differences


def test_random_trees_route_as_amtool_routes_them(tmp_path: Path) -> None:
    """Not one label set of thousands goes to other receivers, or in another order."""
    seeds = range(SEED, SEED + -(-CASES // LABEL_SETS))

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [
            one
            for many in pool.map(lambda seed: compare(tmp_path, seed), seeds)
            for one in many
        ]

    assert not found, "\n\n".join(found[:3])


PIECES = (
    "a",
    "b",
    "=",
    "=",
    "!=",
    "=~",
    "!~",
    ",",
    '"',
    '"',
    "\\",
    "\\n",
    "{",
    "}",
    " ",
    "a=b",
    "~",
    "1",
    "å",
)


def some_syntax(dice: random.Random) -> str:
    """Write a text that is nearly a matcher list."""
    middle = "".join(dice.choice(PIECES) for _ in range(dice.randint(0, 5)))
    return (
        dice.choice(("", "a", "a=", '{a="', "a!=b,b="))
        + middle
        + dice.choice(("", '"', "}"))
    )


def compare_syntax(directory: Path, seed: int) -> str | None:
    """Read one text on both sides; tell the difference, None if there is none."""
    dice = random.Random(seed)
    text = some_syntax(dice)
    labels = {name: dice.choice(("", "b", "a", "b,a")) for name in "ab"}
    root: Node = {
        "receiver": "root",
        "routes": [{"receiver": "db", "matchers": [text]}],
    }
    config = directory / f"syntax-{seed}.yml"
    write_config(config, root)
    theirs = ask_amtool(config, labels)
    try:
        ours = ",".join(
            found.receiver for found in RouteTree(route_of(root)).match(labels)
        )
    except MatcherError as error:
        ours = f"error: {error}"
    if theirs is None and (ours.startswith("error") or not is_classic(text)):
        return None
    if ours == theirs:
        return None
    return f"seed {seed}: {text!r}, {labels}: ours {ours}, amtool {theirs}"


def is_classic(text: str) -> bool:
    """Say whether an amtool before 0.27, which has no UTF-8 grammar, can read it."""
    try:
        read_classic(text)
    except MatcherError:
        return False
    return True


def test_random_texts_are_matchers_where_amtool_reads_matchers(tmp_path: Path) -> None:
    """The classic grammar agrees on what is a matcher, what it means, and what not."""
    seeds = range(SEED, SEED + CASES // SYNTAX_SHARE)

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [
            one
            for one in pool.map(lambda seed: compare_syntax(tmp_path, seed), seeds)
            if one
        ]

    assert not found, "\n".join(found[:10])
