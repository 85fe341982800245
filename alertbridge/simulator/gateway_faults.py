"""What can go wrong at a gateway, and when: by script, or by seeded dice."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum

from alertbridge.core.recipient import Msisdn
from alertbridge.simulator.gateway_sms import DELIVERED, Fate


class FaultPlanError(ValueError):
    """A plan that cannot be carried out; the message says what is wrong."""


class FaultKind(StrEnum):
    """A way to fail. Those that start with `accept` took the messages first.

    But `accept_late` takes them only after so many seconds, and `error_slowly` fails
    after as many: whether or not anybody still waits for the answer.
    """

    NONE = "none"
    THROTTLE = "throttle"
    ERROR = "error"
    ERROR_SLOWLY = "error_slowly"
    HTML = "html"
    REDIRECT = "redirect"
    RESET = "reset"
    ACCEPT_THEN_ERROR = "accept_then_error"
    ACCEPT_THEN_RESET = "accept_then_reset"
    ACCEPT_SLOWLY = "accept_slowly"
    ACCEPT_ENDLESSLY = "accept_endlessly"
    ACCEPT_LATE = "accept_late"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One request's fate.

    `status` is for the errors, `seconds` for what is slow or late, `retry_after` (the
    header's text, junk allowed) for the throttle.
    """

    kind: FaultKind = FaultKind.NONE
    status: int = 500
    seconds: float = 2.0
    retry_after: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPlan:
    """How messages end, and what is reported of it.

    `code` is the last status, `codes` that of some numbers (with their `+`), `after`
    the seconds until it (None: it never comes). Reports are posted if `posts`, each
    again every `again` seconds until it is answered 200; `claims` is the code that
    they say at the end, whatever the list says.
    """

    code: int = DELIVERED
    after: float | None = 3.0
    codes: Mapping[str, int] = field(default_factory=dict)
    posts: bool = True
    claims: int | None = None
    again: float = 600.0

    def fate_of(self, number: Msisdn) -> Fate:
        """What becomes of an SMS to *number* that is taken now."""
        after = None if self.after is None else timedelta(seconds=self.after)
        return Fate(self.codes.get(number, self.code), after)


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultPlan:
    """Which fault meets which request.

    `script` is used up first, one fault for each POST; then `rates` (0 to 1 each,
    together at most 1) with dice of `seed`. `reads` is the script for the GETs.
    `lag` is how long a new batch is missing from the list. `loose_links` drops the
    `;` from Link headers. `rated` has the figures of the faults that `rates` deals.
    `reports` says how messages end, and who is told.
    """

    script: tuple[Fault, ...] = ()
    rates: Mapping[FaultKind, float] = field(default_factory=dict)
    seed: int = 0
    reads: tuple[Fault, ...] = ()
    lag: timedelta = timedelta(0)
    loose_links: bool = False
    rated: Fault = Fault()
    reports: ReportPlan = ReportPlan()

    def __post_init__(self) -> None:
        shares = self.rates.values()
        if any(not 0 <= share <= 1 for share in shares) or sum(shares) > 1:
            raise FaultPlanError("rates: each is 0 to 1, all together at most 1")


class Faults:
    """A plan being carried out; it can be replaced while the gateway runs."""

    def __init__(self, plan: FaultPlan) -> None:
        self.replace(plan)
        self.met: Counter[FaultKind] = Counter()

    def replace(self, plan: FaultPlan) -> None:
        """Start over with *plan*."""
        self.plan = plan
        self._script = list(reversed(plan.script))
        self._reads = list(reversed(plan.reads))
        # Dice of a simulation: they must repeat, not resist.
        self._dice = random.Random(plan.seed)  # noqa: S311

    def next_submit(self) -> Fault:
        """The fate of the next POST."""
        if self._script:
            return self._count(self._script.pop())
        return self._count(self._roll())

    def next_read(self) -> Fault:
        """The fate of the next GET."""
        return self._count(self._reads.pop() if self._reads else Fault())

    def _roll(self) -> Fault:
        at = self._dice.random()
        for kind, share in self.plan.rates.items():
            if at < share:
                return replace(self.plan.rated, kind=kind)
            at -= share
        return Fault()

    def _count(self, fault: Fault) -> Fault:
        if fault.kind is not FaultKind.NONE:
            self.met[fault.kind] += 1
        return fault


def read_fault(value: object) -> Fault:
    """Read a fault from JSON: its kind, or an object with `kind` and its figures.

    Raises:
        FaultPlanError: it is neither; the message says what is wrong.
    """
    if isinstance(value, str):
        return Fault(kind=_kind(value))
    fields = _fields(value, {"kind", "status", "seconds", "retry_after"}, "a fault")
    retry_after = fields.get("retry_after")
    return Fault(
        kind=_kind(fields.get("kind", "none")),
        status=int(_number(fields.get("status", 500), "status")),
        seconds=_number(fields.get("seconds", 2.0), "seconds"),
        retry_after=None if retry_after is None else str(retry_after),
    )


def read_plan(value: object) -> FaultPlan:
    """Read a plan from JSON; `lag` is in seconds, `rated` is a fault without kind.

    Raises:
        FaultPlanError: it is not one; the message says what is wrong.
    """
    known = {"script", "rates", "seed", "reads", "lag", "loose_links", "rated"}
    known |= {"reports"}
    fields = _fields(value, known, "the plan")
    rates = fields.get("rates", {})
    if not isinstance(rates, dict):
        raise FaultPlanError("rates: an object of kind and share is wanted")
    return FaultPlan(
        script=_script(fields.get("script", [])),
        rates={_kind(kind): _number(share, "rates") for kind, share in rates.items()},
        seed=int(_number(fields.get("seed", 0), "seed")),
        reads=_script(fields.get("reads", [])),
        lag=timedelta(seconds=_number(fields.get("lag", 0), "lag")),
        loose_links=fields.get("loose_links") is True,
        rated=read_fault(fields.get("rated", {})),
        reports=_reports(fields.get("reports", {})),
    )


def _reports(value: object) -> ReportPlan:
    known = {"code", "after", "codes", "posts", "claims", "again"}
    fields = _fields(value, known, "reports")
    codes = _fields(fields.get("codes", {}), set(), "codes", any_name=True)
    if not all(name.startswith("+") for name in codes):
        raise FaultPlanError("codes: numbers with their + are wanted")
    after = fields.get("after", ReportPlan().after)
    claims = fields.get("claims")
    return ReportPlan(
        code=int(_number(fields.get("code", DELIVERED), "code")),
        after=None if after is None else _number(after, "after"),
        codes={name: int(_number(code, "codes")) for name, code in codes.items()},
        posts=_flag(fields.get("posts", True), "posts"),
        claims=None if claims is None else int(_number(claims, "claims")),
        again=_number(fields.get("again", ReportPlan().again), "again"),
    )


def _kind(value: object) -> FaultKind:
    try:
        return FaultKind(str(value))
    except ValueError:
        raise FaultPlanError(f"unknown kind; known: {', '.join(FaultKind)}") from None


def _script(value: object) -> tuple[Fault, ...]:
    if not isinstance(value, list):
        raise FaultPlanError("a script is a list of faults")
    return tuple(read_fault(entry) for entry in value)


def _fields(
    value: object, known: set[str], what: str, *, any_name: bool = False
) -> dict[str, object]:
    if not isinstance(value, dict):
        raise FaultPlanError(f"{what}: an object is wanted")
    unknown = sorted(str(key) for key in value if key not in known)
    if unknown and not any_name:
        raise FaultPlanError(f"{what}: unknown {unknown[0]!r}; known: {sorted(known)}")
    return value


def _number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FaultPlanError(f"{what}: a number is wanted")
    return value


def _flag(value: object, what: str) -> bool:
    if not isinstance(value, bool):
        raise FaultPlanError(f"{what}: true or false is wanted")
    return value
