"""How much an own template may do: counted while it runs.

Each part of a loop's body, each element of a list, each stretch of a long text that
is compared or copied takes a step; a render has so many.
"""

from collections.abc import Mapping, MappingView
from dataclasses import dataclass

from jinja2 import nodes
from jinja2.runtime import Context
from jinja2.visitor import NodeTransformer

MOST_STEPS = 100_000
"""Steps of one render: for each element of a loop the parts of its body, for each
list filter the elements, and for what goes through a whole text or list its size.
Some 0.1 s; the largest letter has 2,000 alerts."""

METER = "_meter"
"""The context variable that counts; no template may name it."""

EACH = "_each"
CONCAT = "_concat"
WEIGH = "_weigh"

_CHARACTERS_A_STEP = 50
_ELEMENTS_A_STEP = 10
"""How much of a text or a list is gone through (compared, split, copied) in the time
of one step."""

_AT_ONCE = frozenset(
    {
        "defined", "undefined", "none", "true", "false", "boolean", "number", "integer",
        "float", "string", "mapping", "sequence", "iterable", "callable", "odd", "even",
        "divisibleby", "sameas",
    }
)  # fmt: skip
"""Tests that do not go through what they test."""


class TooCostlyError(Exception):
    """A template did more than a text can need."""


@dataclass(slots=True)
class Meter:
    """Counts the steps of one render."""

    left: int = MOST_STEPS

    def spend(self, steps: int) -> None:
        """Count *steps*.

        Raises:
            TooCostlyError: more than `MOST_STEPS` in one render.
        """
        # Never fewer than none: the name of an inner filter in a text (`map('_each',
        # -9)`) must not fill the meter up again.
        self.left -= max(steps, 0)
        if self.left < 0:
            raise TooCostlyError(f"takes more than {MOST_STEPS} steps")


def meter_of(context: Context) -> Meter:
    """The meter of the render that *context* belongs to."""
    meter = context[METER]
    assert isinstance(meter, Meter)
    return meter


def size_of(value: object) -> int:
    """How many steps it takes to go through the whole of *value*."""
    if isinstance(value, str):
        return len(value) // _CHARACTERS_A_STEP
    if isinstance(value, list | tuple):
        return len(value) // _ELEMENTS_A_STEP
    if isinstance(value, Mapping | MappingView):
        return len(value)
    return 0


def meter_loops(tree: nodes.Template) -> nodes.Template:
    """Rewrite *tree* so that loops and joined texts are counted and bounded."""
    metered = _MeterLoops().visit(tree)
    assert isinstance(metered, nodes.Template)
    return metered


class _MeterLoops(NodeTransformer):
    def visit_For(self, node: nodes.For) -> nodes.For:  # noqa: N802  jinja2's name
        # Counted before what is inside is rewritten; the condition of a loop runs for
        # each element as well, and even an empty body takes its time.
        repeated = [*node.body] if node.test is None else [*node.body, node.test]
        weight = 1 + sum(
            1 + sum(1 for _ in part.find_all(nodes.Node)) for part in repeated
        )
        self.generic_visit(node)
        assert isinstance(node.iter, nodes.Expr)
        node.iter = _filter(node.iter, EACH, nodes.Const(weight, lineno=node.lineno))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802
        self.generic_visit(node)
        return _filter(nodes.List(node.nodes, lineno=node.lineno), CONCAT)

    def visit_Compare(self, node: nodes.Compare) -> nodes.Compare:  # noqa: N802
        self.generic_visit(node)
        node.expr = _weighed(node.expr)
        for operand in node.ops:
            operand.expr = _weighed(operand.expr)
        return node

    def visit_Test(self, node: nodes.Test) -> nodes.Test:  # noqa: N802
        self.generic_visit(node)
        if node.name not in _AT_ONCE:
            assert isinstance(node.node, nodes.Expr)
            node.node = _weighed(node.node)
            node.args = [_weighed(argument) for argument in node.args]
        return node

    def visit_Getitem(self, node: nodes.Getitem) -> nodes.Getitem:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.arg, nodes.Slice):
            node.node = _weighed(node.node)
        return node

    def visit_Call(self, node: nodes.Call) -> nodes.Call:  # noqa: N802
        self.generic_visit(node)
        if isinstance(node.node, nodes.Getattr):
            node.node.node = _weighed(node.node.node)
        node.args = [_weighed(argument) for argument in node.args]
        return node


def _weighed(node: nodes.Expr) -> nodes.Expr:
    """Count the size of what *node* will be, if that can be large."""
    if isinstance(node, nodes.Const) and not size_of(node.value):
        return node
    if isinstance(node, nodes.Name) and node.name == "loop":
        # The loop's own `loop.cycle()` looks for the name.
        return node
    return _filter(node, WEIGH)


def _filter(node: nodes.Expr, name: str, *args: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, list(args), [], None, None, lineno=node.lineno)
