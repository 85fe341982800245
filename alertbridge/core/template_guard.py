"""Keep an own template cheap: what it may be made of, and how much it may do.

Jinja's sandbox stops a template from reaching out; it does not stop it from taking
40 seconds and all memory (`'a' * 10**9`, `range(10**9)`, loops in loops, a macro that
calls itself twice). One daemon sends everybody's pages, so a template is made of a
short list of parts, none of which multiplies, and what loops is counted.
"""

import operator
from collections.abc import Callable, Iterable
from datetime import datetime
from difflib import get_close_matches

from jinja2 import nodes
from jinja2.runtime import Context, StrictUndefined, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from alertbridge.core.template_meter import (
    MOST_STEPS,
    TooCostlyError,
    meter_of,
    size_of,
)

LONGEST_TEXT = 4_000
"""Characters of any text a template makes on its way; an SMS has a tenth of that."""

_PARTS: tuple[type[nodes.Node], ...] = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.For, nodes.If,
    nodes.Assign, nodes.Name, nodes.Const, nodes.Tuple, nodes.List,
    nodes.Keyword, nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Getattr,
    nodes.Getitem, nodes.Slice, nodes.Compare, nodes.Operand, nodes.And, nodes.Or,
    nodes.Not, nodes.Neg, nodes.Pos, nodes.Add, nodes.Sub, nodes.Mul, nodes.Div,
    nodes.FloorDiv, nodes.Mod, nodes.Concat, nodes.Call,
)  # fmt: skip

_METHODS = frozenset(
    {
        "items", "keys", "values", "get", "startswith", "endswith", "upper", "lower",
        "title", "capitalize", "strip", "lstrip", "rstrip", "removeprefix",
        "removesuffix", "split", "isdigit", "cycle", "changed",
    }
)  # fmt: skip
"""Methods that return no more than they were given."""

_LARGEST = 2**63
"""The largest number that is computed with: a byte count, a time in nanoseconds."""


class NotAllowedError(Exception):
    """A template is made of something it may not be made of."""

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.line = line


class Missing(StrictUndefined):
    """What is not there, such as a label that this alert lacks; it says what helps."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        # Of a list it is a number, whatever jinja2's types say.
        name: object = self._undefined_name
        what = "element " if isinstance(name, int) else ""
        return f"there is no {what}{name!r} here; add |default('-')"


class GuardedEnvironment(ImmutableSandboxedEnvironment):
    """A sandbox whose arithmetic cannot grow: texts by `+`, numbers to 64 bits."""

    # Intercepted operators are also left alone by constant folding, which would
    # otherwise run them while the template is being compiled.
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    def call_binop(
        self,
        context: Context,
        operator: str,
        left: object,
        right: object,
    ) -> object:
        """Compute `left operator right` if both are small numbers, or texts to join."""
        compute = _ARITHMETIC.get(operator)
        if operator == "+" and isinstance(left, str) and isinstance(right, str):
            meter_of(context).spend(size_of(left) + size_of(right))
            return bounded(left + right)
        if (
            compute is None
            or not isinstance(left, int | float)
            or not isinstance(right, int | float)
        ):
            raise TooCostlyError(f"{operator!r} works on two numbers only")
        if any(abs(number) > _LARGEST for number in (left, right)):
            raise TooCostlyError("a number is too large")
        return compute(left, right)


_ARITHMETIC: dict[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
}


def bounded(text: str) -> str:
    """Return *text* if it is of a length that a text can need.

    Raises:
        TooCostlyError: longer than `LONGEST_TEXT`.
    """
    if len(text) > LONGEST_TEXT:
        raise TooCostlyError(f"makes a text of more than {LONGEST_TEXT} characters")
    return text


def plain(value: object) -> str:
    """Write a single value; a list or an alert has no text of its own.

    Raises:
        TooCostlyError: it is no single value, or too long.
    """
    if isinstance(value, str):
        return bounded(value)
    if value is None:
        return ""
    if isinstance(value, bool | int | float | datetime | Undefined):
        return str(value)
    raise TooCostlyError("this is not one value: say which part of it, or use |join")


def refuse(
    tree: nodes.Template, variables: Iterable[str], filters: Iterable[str]
) -> None:
    """Check what *tree* is made of.

    Raises:
        NotAllowedError: the first thing in it that it may not hold.
    """
    known = {*variables, "range", "loop"}
    known |= {
        node.name
        for node in tree.find_all(nodes.Name)
        if node.ctx in ("store", "param")
    }
    parts = tree.find_all(nodes.Node)
    for node in sorted(parts, key=lambda node: node.lineno or 0):
        problem = _problem(node, known, set(filters))
        if problem is not None:
            raise NotAllowedError(problem, node.lineno or 1)


def _problem(node: nodes.Node, known: set[str], filters: set[str]) -> str | None:
    if not isinstance(node, _PARTS):
        return f"{type(node).__name__.lower()!r} is not allowed in a text"
    match node:
        case nodes.Name(name=str(name)):
            if name.startswith("_"):
                return f"names do not begin with an underscore: {name!r}"
            if name not in known:
                return f"unknown variable {name!r}{_did_you_mean(name, known)}"
        case nodes.Filter(name=str(name)) if name not in filters:
            return f"unknown filter {name!r}{_did_you_mean(name, filters)}"
        case nodes.For(recursive=True):
            return "a loop may not be recursive"
        case nodes.Getattr(attr=str(attr)) if attr.startswith("_"):
            return f"names do not begin with an underscore: {attr!r}"
        case (
            nodes.Mul(left=nodes.Const(value=str()))
            | nodes.Mul(right=nodes.Const(value=str()))
        ):
            return "a text cannot be multiplied"
        case nodes.List(items=items) | nodes.Tuple(items=items, ctx="load"):
            # Lists of lists of themselves double with each line, and cost as much
            # when they are compared.
            if not all(isinstance(item, nodes.Const) for item in items):
                return "a list may hold plain values only"
        case nodes.Call():
            return _call_problem(node)
        case _:
            pass
    return None


def _call_problem(node: nodes.Call) -> str | None:
    if node.dyn_args is not None or node.dyn_kwargs is not None:
        return "calls take plain arguments only"
    match node.node:
        case nodes.Name(name="range"):
            bounds = [arg.value for arg in node.args if isinstance(arg, nodes.Const)]
            if any(isinstance(n, int) and abs(n) > MOST_STEPS for n in bounds):
                return f"range() goes to {MOST_STEPS} at most"
            return None
        case nodes.Getattr(attr=str(attr)) if attr in _METHODS:
            return None
        case nodes.Getattr(attr=str(attr)):
            return f"method {attr!r} is not allowed{_did_you_mean(attr, _METHODS)}"
        case _:
            return "only methods and range() can be called"


def _did_you_mean(word: str, words: Iterable[str]) -> str:
    close = get_close_matches(word, sorted(words), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
