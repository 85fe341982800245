"""Own wording: a Jinja template from the config, checked when it is loaded.

The text of an alert is never a template: it only ever is a value in one. A template
that fails at three in the morning costs nobody a page (`compose` then uses its own
words), so everything that can be known beforehand is refused beforehand.
"""

from collections.abc import Iterator, Mapping
from types import TracebackType

import jinja2

from alertbridge.core.template_filters import FILTERS, INTERNAL, range_of
from alertbridge.core.template_guard import (
    GuardedEnvironment,
    Missing,
    NotAllowedError,
    plain,
    refuse,
)
from alertbridge.core.template_meter import METER, Meter, TooCostlyError, meter_loops

LONGEST_SOURCE = 16 * 1024
"""Characters of a template."""

LONGEST_OUTPUT = 4000
"""Characters read of what a template renders: 26 segments, of which we send a few."""

VARIABLES = frozenset(
    {
        "alerts",
        "firing",
        "late",
        "more",
        "now",
        "over",
        "resolved",
        "severity",
        "status",
        "truncated",
    }
)
"""What a template is given (built by `compose_context`)."""


_FILENAME = "<text template>"

_UNREADABLE = (
    RecursionError,
    MemoryError,
    SyntaxError,
    ValueError,
    jinja2.TemplateError,
    TooCostlyError,
)
"""What jinja2 and Python's own compiler raise for a source made to hurt them."""


class TemplateError(ValueError):
    """A template that cannot be used; the message names the fault, `line` the place."""

    def __init__(self, name: str, line: int, problem: str) -> None:
        super().__init__(f"template {name}, line {line}: {problem}")
        self.line = line
        self.problem = problem


class TemplateFailed(Exception):
    """A template did not render this time; the message is one line for the log.

    `line` is the template's own, from 1.
    """

    def __init__(self, name: str, line: int, problem: str) -> None:
        super().__init__(f"template {name}, line {line}: {problem}")
        self.line = line
        self.problem = problem


class Template:
    """A compiled template; built by `compile_template` only."""

    __slots__ = ("_compiled", "name")

    def __init__(self, name: str, compiled: jinja2.Template) -> None:
        self.name = name
        self._compiled = compiled

    def __repr__(self) -> str:
        return f"Template({self.name!r})"

    def render(self, context: Mapping[str, object]) -> str:
        """Render with *context*, whose keys are `VARIABLES`.

        Raises:
            TemplateFailed: for whatever reason; the message names the line.
        """
        try:
            return "".join(self._pieces({**context, METER: Meter()}))
        except Exception as exc:
            line = _line_of(exc.__traceback__)
            problem = " ".join(str(exc).split())[:200] or type(exc).__name__
            raise TemplateFailed(self.name, line, problem) from exc

    def _pieces(self, context: Mapping[str, object]) -> Iterator[str]:
        room = LONGEST_OUTPUT
        for piece in self._compiled.generate(context):
            yield piece[:room]
            room -= len(piece)
            if room <= 0:
                return


def compile_template(name: str, source: str) -> Template:
    """Read *source*, refusing what could not work or would cost too much.

    Raises:
        TemplateError: with the line, and where a word is nearly right, the right one.
    """
    if len(source) > LONGEST_SOURCE:
        raise TemplateError(name, 1, f"longer than {LONGEST_SOURCE} characters")
    if not source.strip():
        raise TemplateError(name, 1, "the template is empty")
    environment = _environment()
    try:
        tree = environment.parse(source)
        refuse(tree, VARIABLES, FILTERS)
        tree = meter_loops(tree)
        tree.set_environment(environment)
        code = environment.compile(tree, name=name, filename=_FILENAME)
    except jinja2.TemplateSyntaxError as exc:
        raise TemplateError(name, exc.lineno, exc.message or "syntax error") from exc
    except NotAllowedError as exc:
        raise TemplateError(name, exc.line, str(exc)) from exc
    except _UNREADABLE as exc:
        problem = f"cannot be compiled: too deeply nested? ({type(exc).__name__})"
        raise TemplateError(name, 1, problem) from exc
    return Template(
        name, jinja2.Template.from_code(environment, code, environment.globals)
    )


def _environment() -> GuardedEnvironment:
    environment = GuardedEnvironment(
        autoescape=False,
        undefined=Missing,
        # The optimizer computes constant expressions while compiling.
        optimized=False,
        trim_blocks=True,
        lstrip_blocks=True,
        cache_size=0,
        finalize=plain,
    )
    environment.filters = {**FILTERS, **INTERNAL}
    environment.globals = {"range": range_of}
    return environment


def _line_of(trace: TracebackType | None) -> int:
    line = 1
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == _FILENAME:
            line = trace.tb_lineno
        trace = trace.tb_next
    return line
