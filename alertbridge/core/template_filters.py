"""The filters of own templates: few, named as people know them, none that grows.

Those that go through a list are counted by the render's meter.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import islice

from jinja2 import filters as jinja
from jinja2 import pass_context
from jinja2.runtime import Context, Undefined

from alertbridge.core.template_guard import (
    CONCAT,
    EACH,
    LONGEST_TEXT,
    METER,
    MOST_STEPS,
    Meter,
    TooCostlyError,
    plain,
)
from alertbridge.core.wording import span

Filter = Callable[..., object]

LONGEST_JOIN = 1_000_000
"""Characters a join may make; 2,000 names are joined and cut, not refused."""


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


def truncate(text: object, length: int = 60, end: str = "...") -> str:
    """Cut a text to *length* characters, *end* included."""
    whole = plain(text)
    return whole if len(whole) <= length else whole[: max(length - len(end), 0)] + end


def replace(text: object, old: str, new: str) -> str:
    """Put *new* for every *old*."""
    whole = plain(text)
    if len(whole) + whole.count(old) * len(new) > LONGEST_TEXT:
        raise TooCostlyError(f"replaces to more than {LONGEST_TEXT} characters")
    return whole.replace(old, new)


@pass_context
def join(
    context: Context, items: Iterable[object], between: str = "", attribute: str = ""
) -> str:
    """Join the items of a list, or one attribute of each."""
    elements = _counted(context, items)
    if attribute:
        elements = [context.environment.getitem(item, attribute) for item in elements]
    return _joined(elements, between)


@pass_context
def _each(context: Context, items: Iterable[object], weight: int) -> list[object]:
    return _counted(context, items, weight)


@pass_context
def _concat(context: Context, items: Iterable[object]) -> str:
    return _joined(_counted(context, items), "")


def _joined(elements: Iterable[object], between: str) -> str:
    parts = [plain(element) for element in elements]
    if sum(map(len, parts)) + len(between) * len(parts) > LONGEST_JOIN:
        raise TooCostlyError(f"joins to more than {LONGEST_JOIN} characters")
    return between.join(parts)[:LONGEST_TEXT]


def _counted(
    context: Context, items: Iterable[object], weight: int = 1
) -> list[object]:
    """List *items*, after the meter has agreed to go through them."""
    elements = list(islice(items, MOST_STEPS + 1))
    meter = context[METER]
    assert isinstance(meter, Meter)
    meter.spend((len(elements) + 1) * weight)
    return elements


def _of_text(inner: Filter) -> Filter:
    """Give *inner* a single value as text, and nothing else."""

    def of_text(value: object, *args: object, **kwargs: object) -> object:
        return inner(plain(value), *args, **kwargs)

    return of_text


def _over_list(inner: Filter, takes: str = "") -> Filter:
    """Count what goes through one of jinja2's own list filters, and list the result."""

    @pass_context
    def counted(
        context: Context, items: Iterable[object], *args: object, **kwargs: object
    ) -> object:
        elements = _counted(context, items)
        first = {"context": (context,), "environment": (context.environment,)}
        result = inner(*first.get(takes, ()), elements, *args, **kwargs)
        return result if isinstance(result, list | dict) else _listed(result)

    return counted


def _listed(result: object) -> object:
    if isinstance(result, Iterable) and not isinstance(result, str | Undefined):
        return list(result)
    return result


def _first(items: list[object]) -> object:
    return items[0] if items else ""


def _last(items: list[object]) -> object:
    return items[-1] if items else ""


FILTERS: Mapping[str, Filter] = {
    # One text.
    "upper": _of_text(jinja.do_upper),
    "lower": _of_text(jinja.do_lower),
    "title": _of_text(jinja.do_title),
    "capitalize": _of_text(jinja.do_capitalize),
    "trim": _of_text(jinja.do_trim),
    "string": plain,
    "truncate": truncate,
    "replace": replace,
    # One value.
    "default": jinja.do_default,
    "d": jinja.do_default,
    "int": jinja.do_int,
    "float": jinja.do_float,
    "round": rounded,
    "abs": abs,
    "length": len,
    "count": len,
    # Times.
    "local": local,
    "ago": ago,
    # Lists.
    "join": join,
    "first": _over_list(_first),
    "last": _over_list(_last),
    "list": _over_list(list),
    "sort": _over_list(jinja.do_sort, "environment"),
    "unique": _over_list(jinja.do_unique, "environment"),
    "map": _over_list(jinja.sync_do_map, "context"),
    "selectattr": _over_list(jinja.sync_do_selectattr, "context"),
    "rejectattr": _over_list(jinja.sync_do_rejectattr, "context"),
    "groupby": _over_list(jinja.sync_do_groupby, "environment"),
}
"""What a template may use after `|`."""

INTERNAL: Mapping[str, Filter] = {EACH: _each, CONCAT: _concat}
"""What the guard writes into a template; no template can name them."""
