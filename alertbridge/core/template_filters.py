"""The filters of own templates: few, named as people know them, none that grows.

What goes through a text or a list is counted by the render's meter.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import islice

from jinja2 import filters as jinja
from jinja2 import pass_context
from jinja2.runtime import Context, Undefined

from alertbridge.core.cleaning import to_gsm
from alertbridge.core.host_name import host_of
from alertbridge.core.template_guard import LONGEST_TEXT, plain
from alertbridge.core.template_meter import (
    CONCAT,
    EACH,
    MOST_STEPS,
    WEIGH,
    TooCostlyError,
    meter_of,
    size_of,
)
from alertbridge.core.wording import span
from alertbridge.core.wording_place import shorten

Filter = Callable[..., object]

LONGEST_JOIN = 1_000_000
"""Characters a join may make; 2,000 names are joined and cut, not refused."""

_SHORTEST = 10
"""Characters from which a name without its middle is still a name."""


def range_of(*bounds: int) -> range:
    """Return `range(*bounds)`, unless a loop over it would be refused anyway."""
    # Not by its len(), which fails for range(10**30).
    if any(abs(bound) > MOST_STEPS for bound in bounds):
        raise TooCostlyError(f"range() goes to {MOST_STEPS} at most")
    return range(*bounds)


def local(at: datetime, form: str = "time") -> str:
    """Say a time of day `03:12`; with `"date"` the day, with `"full"` both."""
    day = f"{at.year:04}-{at.month:02}-{at.day:02}"
    time = f"{at.hour:02}:{at.minute:02}"
    return {"time": time, "date": day, "full": f"{day} {time}"}[form]


@pass_context
def ago(context: Context, at: datetime) -> str:
    """Say how long ago it was: `8m`, `3h40m`."""
    now = context["now"]
    assert isinstance(now, datetime)
    return span(now - at)


def rounded(number: float, digits: int = 0) -> float:
    """Round to *digits* after the point; jinja2's own computes `10**digits`."""
    whole = round(number, min(max(digits, -15), 15))
    return int(whole) if digits <= 0 else whole


@pass_context
def truncate(context: Context, text: object, length: int = 60, end: str = "...") -> str:
    """Cut a text to *length* characters, *end* included."""
    whole = plain(text)
    meter_of(context).spend(size_of(whole))
    return whole if len(whole) <= length else whole[: max(length - len(end), 0)] + end


@pass_context
def replace(context: Context, text: object, old: str, new: str) -> str:
    """Put *new* for every *old*."""
    whole = plain(text)
    meter_of(context).spend(size_of(whole) + size_of(old) + size_of(new))
    if len(whole) + whole.count(old) * len(new) > LONGEST_TEXT:
        raise TooCostlyError(f"replaces to more than {LONGEST_TEXT} characters")
    return whole.replace(old, new)


def short(text: str, length: int = 20) -> str:
    """Take the middle out of a name: `payments-api-...-x2x7q`, as our own texts do."""
    # Below this there is no middle to speak of.
    return shorten(text, length) if length >= _SHORTEST else text[: max(length, 0)]


def gsm(text: str) -> str:
    """Write a text in the GSM alphabet, so that no letter of it makes it dearer."""
    return to_gsm(text)[:LONGEST_TEXT]


@pass_context
def join(
    context: Context, items: Iterable[object], between: str = "", attribute: str = ""
) -> str:
    """Join the items of a list, or one attribute of each."""
    elements = _counted(context, items)
    if attribute:
        elements = [context.environment.getitem(item, attribute) for item in elements]
    return _joined(context, elements, between)


@pass_context
def _each(context: Context, items: Iterable[object], weight: int) -> list[object]:
    return _counted(context, items, weight)


@pass_context
def _concat(context: Context, items: Iterable[object]) -> str:
    return _joined(context, _counted(context, items), "")


@pass_context
def _weigh(context: Context, value: object) -> object:
    meter_of(context).spend(size_of(value))
    return value


def _joined(context: Context, elements: Iterable[object], between: str) -> str:
    parts = [plain(element) for element in elements]
    length = sum(map(len, parts)) + len(between) * len(parts)
    if length > LONGEST_JOIN:
        raise TooCostlyError(f"joins to more than {LONGEST_JOIN} characters")
    meter_of(context).spend(length // 1000)
    return between.join(parts)[:LONGEST_TEXT]


def _counted(
    context: Context, items: Iterable[object], weight: int = 1
) -> list[object]:
    """List *items*, after the meter has agreed to go through them."""
    elements = list(islice(items, MOST_STEPS + 1))
    meter_of(context).spend((len(elements) + 1) * weight)
    return elements


def _of_text(inner: Filter, *, characters_a_step: int = 50) -> Filter:
    """Give *inner* a single value as text, and nothing else."""

    @pass_context
    def of_text(
        context: Context, value: object, *args: object, **kwargs: object
    ) -> object:
        text = plain(value)
        meter_of(context).spend(len(text) // characters_a_step)
        return inner(text, *args, **kwargs)

    return of_text


def _of_number(inner: Filter) -> Filter:
    """Count the text that *inner* reads a number from, if it is one."""

    @pass_context
    def of_number(
        context: Context, value: object, *args: object, **kwargs: object
    ) -> object:
        meter_of(context).spend(size_of(value))
        return inner(value, *args, **kwargs)

    return of_number


def _over_list(inner: Filter, takes: str = "", *, steps: int = 1) -> Filter:
    """Count what goes through one of jinja2's own list filters, and list the result.

    *steps* are taken for each element, and more if what it is compared with is long.
    """

    @pass_context
    def counted(
        context: Context, items: Iterable[object], *args: object, **kwargs: object
    ) -> object:
        weight = steps + sum(map(_repeated, (*args, *kwargs.values())))
        elements = _counted(context, items, weight)
        first = {"context": (context,), "environment": (context.environment,)}
        result = inner(*first.get(takes, ()), elements, *args, **kwargs)
        return result if isinstance(result, list | dict) else _listed(result)

    return counted


def _repeated(argument: object) -> int:
    """How many steps an argument adds for each element: `sort('a,b.c')` reads three."""
    parts = 0
    if isinstance(argument, str):
        parts = argument.count(".") + argument.count(",")
    return parts + size_of(argument)


def _listed(result: object) -> object:
    if isinstance(result, Iterable) and not isinstance(result, str | Undefined):
        return list(result)
    return result


@pass_context
def _first(context: Context, items: Iterable[object]) -> object:
    if isinstance(items, list):
        return items[0] if items else ""
    return next(iter(_counted(context, items)), "")


@pass_context
def _last(context: Context, items: Iterable[object]) -> object:
    elements = items if isinstance(items, list) else _counted(context, items)
    return elements[-1] if elements else ""


FILTERS: Mapping[str, Filter] = {
    # One text.
    "upper": _of_text(jinja.do_upper),
    "lower": _of_text(jinja.do_lower),
    "title": _of_text(jinja.do_title, characters_a_step=4),
    "capitalize": _of_text(jinja.do_capitalize),
    "trim": _of_text(jinja.do_trim),
    "string": plain,
    "truncate": truncate,
    "replace": replace,
    # For an SMS.
    "short": _of_text(short),
    "host": _of_text(host_of),
    "gsm": _of_text(gsm, characters_a_step=2),
    # One value.
    "default": jinja.do_default,
    "d": jinja.do_default,
    "int": _of_number(jinja.do_int),
    "float": _of_number(jinja.do_float),
    "round": rounded,
    "abs": abs,
    "length": len,
    "count": len,
    # Times.
    "local": local,
    "ago": ago,
    # Lists.
    "join": join,
    "first": _first,
    "last": _last,
    "list": _over_list(list),
    "sort": _over_list(jinja.do_sort, "environment", steps=3),
    "unique": _over_list(jinja.do_unique, "environment", steps=2),
    "map": _over_list(jinja.sync_do_map, "context", steps=2),
    "selectattr": _over_list(jinja.sync_do_selectattr, "context", steps=2),
    "rejectattr": _over_list(jinja.sync_do_rejectattr, "context", steps=2),
    "groupby": _over_list(jinja.sync_do_groupby, "environment", steps=4),
}
"""What a template may use after `|`."""

INTERNAL: Mapping[str, Filter] = {EACH: _each, CONCAT: _concat, WEIGH: _weigh}
"""What the guard writes into a template; no template can name them."""
