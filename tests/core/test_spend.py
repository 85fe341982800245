"""Budgets: whose they are, when they end, what they hold back, and what is said."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from round_trip import MakeRules

from alertbridge.core.ack import AckRule
from alertbridge.core.alert import OURSELVES
from alertbridge.core.dispatch import draft
from alertbridge.core.encoding import measure
from alertbridge.core.mailbox import Mailbox, sort_out
from alertbridge.core.matcher import parse_matchers
from alertbridge.core.message import DataCoding, Draft, Idle
from alertbridge.core.meta import budget_crossed
from alertbridge.core.notification import Fact, Kind, ProviderName, Reason, State, Way
from alertbridge.core.recipient import Msisdn, ReceiverName, RecipientName
from alertbridge.core.route import LONGEST_BUDGET_NAME, Route, RouteTree
from alertbridge.core.rules import Rules
from alertbridge.core.severity import Severity, SeverityRule
from alertbridge.core.spend import (
    Crossing,
    Limit,
    Payer,
    Period,
    Scope,
    Span,
    SpendBudget,
    Spent,
    crossing_of,
    end_of,
    limits_of,
    periods_of,
)
from alertbridge.core.spend_decision import ANSWERED
from alertbridge.core.spend_payers import crossings_in, limits_on, periods_paying
from alertbridge.core.spend_words import crossing_words
from alertbridge.core.way import choose_way, ways_of

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
ANNA = RecipientName("anna")
WHO = Payer(Scope.RECIPIENT, "anna")
ROUTE = Payer(Scope.ROUTE, '{team="db"}')
ONE, TWO = (Payer(Scope.PROVIDER, name) for name in ("one", "two"))
MakeFact = Callable[..., Fact]

ZONES = (
    "UTC",
    "Europe/Stockholm",
    "America/Havana",
    "America/Sao_Paulo",
    "America/Scoresbysund",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Pacific/Kiritimati",
)
"""Zones that skip or repeat midnight, skip a day, and those far from UTC."""


def day(payer: Payer = WHO, key: str = "2026-11-26") -> Period:
    """A period; today by default."""
    return Period(payer, key)


def month(payer: Payer = WHO) -> Period:
    """This month."""
    return Period(payer, "2026-11")


def budgeted(
    rules: Rules,
    *,
    anna: SpendBudget | None = None,
    db: SpendBudget | None = None,
    root: SpendBudget | None = None,
    providers: Mapping[str, SpendBudget] | None = None,
) -> Rules:
    """The rules, with these budgets; the route `0` takes what team db owns."""
    person = rules.recipients[ANNA]
    sre = ReceiverName("sre")
    child = Route(id="0", receiver=sre, matchers=parse_matchers('team="db"'), spend=db)
    return replace(
        rules,
        recipients={ANNA: replace(person, spend=anna or SpendBudget())},
        tree=RouteTree(Route(id="", receiver=sre, children=(child,), spend=root)),
        provider_spend={ProviderName(k): v for k, v in (providers or {}).items()},
    )


def box(*facts: Fact, **spent: int) -> Mailbox:
    """Anna's mailbox; *spent* of today, by who pays: anna, db, root, one, two."""
    payers = {
        "anna": WHO,
        "db": ROUTE,
        "root": Payer(Scope.ROUTE, "root"),
        "one": ONE,
        "two": TWO,
    }
    return Mailbox(
        recipient=ANNA,
        facts=facts,
        spent={day(payers[k]): Spent(segments=v) for k, v in spent.items()},
    )


def said(mailbox: Mailbox, payer: Payer, of: int) -> Mailbox:
    """The same, after she was told that a limit of *of* segments is used up."""
    known = mailbox.spent[day(payer)]
    return replace(
        mailbox, spent={**mailbox.spent, day(payer): replace(known, said_of=of)}
    )


@pytest.fixture
def high(fact: MakeFact) -> MakeFact:
    """Build a fact that is not critical."""

    def build(id: int = 1, **how: object) -> Fact:  # noqa: A002
        made = fact(id, severity=Severity.HIGH, episode=id, **how)
        return replace(made, created_at=NOW)

    return build


TEN = SpendBudget(daily=10)


# When a period begins and ends


def test_a_period_is_of_the_budgets_own_calendar() -> None:
    """At 23:30 UTC it is tomorrow in Stockholm, and still last month in Havana."""
    at = datetime(2026, 12, 1, 0, 30, tzinfo=UTC) - timedelta(hours=1)

    stockholm = periods_of(WHO, ZoneInfo("Europe/Stockholm"), at)
    havana = periods_of(WHO, ZoneInfo("America/Havana"), at)

    assert [period.key for period in stockholm] == ["2026-12-01", "2026-12"]
    assert [period.key for period in havana] == ["2026-11-30", "2026-11"]


@pytest.mark.parametrize(
    ("zone", "now", "ends"),
    [
        pytest.param("UTC", "2026-11-26T09:00", "2026-11-27T00:00", id="utc"),
        pytest.param(
            "Europe/Stockholm", "2026-03-29T00:30", "2026-03-29T22:00", id="23-hours"
        ),
        pytest.param(
            "Europe/Stockholm", "2026-10-24T22:30", "2026-10-25T23:00", id="25-hours"
        ),
        pytest.param(
            "Asia/Beirut", "2026-03-28T12:00", "2026-03-28T22:00", id="no-midnight"
        ),
        pytest.param(
            "Pacific/Apia", "2011-12-29T20:00", "2011-12-30T10:00", id="no-30-december"
        ),
    ],
)
def test_a_day_ends_when_its_own_clocks_show_the_next(
    zone: str, now: str, ends: str
) -> None:
    """Also where clocks change that night."""
    at = datetime.fromisoformat(now).replace(tzinfo=UTC)
    (today, _) = periods_of(WHO, ZoneInfo(zone), at)

    end = end_of(today, ZoneInfo(zone), at)

    assert end == datetime.fromisoformat(ends).replace(tzinfo=UTC)


def test_a_month_ends_with_its_last_day() -> None:
    """February of a leap year, and December."""
    ends = [Period(WHO, key).next_date.isoformat() for key in ("2028-02", "2026-12")]

    assert ends == ["2028-03-01", "2027-01-01"]


@given(
    zone=st.sampled_from(ZONES),
    at=st.datetimes(datetime(2000, 1, 1), datetime(2037, 1, 1)),  # noqa: DTZ001
)
def test_a_period_always_ends_later_and_the_next_one_follows(
    zone: str, at: datetime
) -> None:
    """An end that is past would have the mailbox looked at without a pause."""
    now, where = at.replace(tzinfo=UTC), ZoneInfo(zone)
    for period in periods_of(WHO, where, now):
        end = end_of(period, where, now)
        after = {later.key for later in periods_of(WHO, where, end)}
        before = {
            p.key for p in periods_of(WHO, where, end - timedelta(microseconds=1))
        }

        assert now < end
        assert period.key not in after
        assert period.key in before


# Who pays


def test_a_budget_of_a_route_is_shared_by_what_its_children_take(
    fact: MakeFact, rules: Rules
) -> None:
    """A child with its own is bound by both; one without draws on its parent's."""
    both = budgeted(rules, root=TEN, db=TEN)
    only_root = budgeted(rules, root=TEN)
    taken = replace(fact(), route="0")

    assert both.tree.budgets_of("0", "sre") == ("root", '{team="db"}')
    assert only_root.tree.budgets_of("0", "sre") == ("root",)
    assert [limit.period.payer for limit in limits_on(ANNA, [taken], both, NOW)] == [
        Payer(Scope.ROUTE, "root"),
        ROUTE,
    ]


def test_a_route_that_a_reload_put_elsewhere_does_not_pay_for_another(
    rules: Rules,
) -> None:
    """The root takes everything: what lost its route draws on the root's budget."""
    both = budgeted(rules, root=TEN, db=TEN)

    assert both.tree.budgets_of("0", "dba") == ("root",)
    assert both.tree.budgets_of("7/1", "sre") == ("root",)
    assert both.tree.budgets_of(None, "sre") == ()


def test_a_routes_budget_goes_by_its_matchers_and_survives_a_move() -> None:
    """By position, a route put in before it would inherit what it has spent."""
    sre = ReceiverName("sre")
    db = Route(id="", receiver=sre, matchers=parse_matchers('team="db"'), spend=TEN)
    other = Route(id="0", receiver=sre, matchers=parse_matchers('team="web"'))

    first = RouteTree(Route(id="", receiver=sre, children=(replace(db, id="0"),)))
    second = RouteTree(
        Route(id="", receiver=sre, children=(other, replace(db, id="1")))
    )

    assert first.budgets_of("0", "sre") == second.budgets_of("1", "sre")
    assert second.budgets_of("0", "sre") == ()


def test_long_paths_of_routes_have_short_names_that_differ() -> None:
    """A label of a metric is cut: two that are cut alike would be one."""
    sre = ReceiverName("sre")
    children = tuple(
        Route(
            id=str(n),
            receiver=sre,
            matchers=parse_matchers(f'team="{"x" * 80}{n}"'),
            spend=TEN,
        )
        for n in range(3)
    )
    names = RouteTree(Route(id="", receiver=sre, children=children)).budgets

    assert len(names) == 3
    assert {len(name) for name in names} == {LONGEST_BUDGET_NAME}


def test_the_route_of_the_worst_alert_pays_for_the_message(
    fact: MakeFact, high: MakeFact, rules: Rules
) -> None:
    """Of equals the oldest; a page about ourselves has no route, and is passed over."""
    made = budgeted(rules, db=TEN)
    warning, worse = replace(high(1), route=""), replace(fact(2), route="0")
    ours = fact(3)

    paid = periods_paying(ANNA, [ours, warning, worse], ProviderName("one"), made, NOW)
    other = periods_paying(ANNA, [ours, warning], ProviderName("one"), made, NOW)

    assert paid == (
        *(day(WHO), month(WHO)),
        *(day(ONE), month(ONE)),
        *(day(ROUTE), month(ROUTE)),
    )
    assert other == paid[:4]


# What may leave


def test_a_budget_with_something_left_lets_everything_leave(
    high: MakeFact, rules: Rules
) -> None:
    """The last segment, too: what is sent is never cut short by its own price."""
    made = budgeted(rules, anna=TEN)

    found = draft(box(high(), anna=9), made, NOW)

    assert isinstance(found, Draft)
    assert (found.says_used_up, found.over_budget) == ((), ())
    assert "Budget" not in found.text.body


def test_without_budgets_nothing_is_asked(high: MakeFact, rules: Rules) -> None:
    """No limit: nothing to look up, nothing to hold."""
    assert limits_on(ANNA, [high()], rules, NOW) == ()


def test_used_up_what_waits_leaves_once_more_and_says_so(
    high: MakeFact, rules: Rules
) -> None:
    """One digest, in the words of any other, with the day on which it ends."""
    made = budgeted(rules, anna=SpendBudget(daily=10, monthly=10))
    spent = {day(): Spent(segments=10), month(): Spent(segments=10)}
    mailbox = replace(box(*(high(n, name=f"A{n}") for n in range(12))), spent=spent)

    found = draft(mailbox, made, NOW)

    assert isinstance(found, Draft)
    assert found.text.body.startswith("12 firing")
    assert found.text.body.endswith("Budget used up: only critical alerts until 1 Dec")
    assert len(found.tells) == 12
    assert {limit.period for limit in found.says_used_up} == {day(), month()}


def test_after_that_only_critical_leaves(
    fact: MakeFact, high: MakeFact, rules: Rules
) -> None:
    """The rest stays where it is, by name, until the day is over."""
    made = budgeted(rules, anna=TEN)
    mixed = said(box(fact(1), high(2), anna=10), WHO, 10)
    quiet = said(box(high(2), anna=10), WHO, 10)

    page, nothing = draft(mixed, made, NOW), draft(quiet, made, NOW)

    assert isinstance(page, Draft)
    assert ([f.id for f in page.tells], page.over_budget) == ([1], (2,))
    assert nothing == Idle(
        until=datetime(2026, 11, 27, tzinfo=UTC), over_budget=(high(2).id,)
    )


def test_a_critical_page_is_as_it_was_without_budgets(
    fact: MakeFact, high: MakeFact, rules: Rules
) -> None:
    """Not a letter less, over every budget at once."""
    made = budgeted(
        rules, anna=TEN, db=TEN, root=TEN, providers={"one": TEN, "two": TEN}
    )
    page = replace(fact(), route="0")

    over = draft(box(page, anna=99, db=99, root=99, one=99, two=99), made, NOW)
    before = draft(box(page), rules, NOW)

    assert over == before


def test_good_news_and_reminders_of_what_is_not_critical_are_held(
    fact: MakeFact, high: MakeFact, rules: Rules
) -> None:
    """A reminder of a critical is critical; that it is over is not."""
    made = budgeted(rules, anna=TEN)
    over = high(1, kind=Kind.RESOLVED, heard=True, ends=NOW)
    again = high(2, kind=Kind.REMINDER)
    worst = fact(3, kind=Kind.REMINDER, episode=3)

    found = draft(said(box(over, again, worst, anna=10), WHO, 10), made, NOW)

    assert isinstance(found, Draft)
    assert [f.id for f in found.tells] == [3]
    assert set(found.over_budget) == {1, 2}


def test_what_an_end_speaks_for_stays_behind_with_it(
    fact: MakeFact, rules: Rules
) -> None:
    """An uncertain critical that is over is told by its "resolved", or not yet."""
    made = budgeted(rules, anna=TEN)
    doubtful = fact(1, ends=NOW, uncertain=1, heard=True)
    resolved = replace(
        fact(2, kind=Kind.RESOLVED, heard=True, ends=NOW, severity=Severity.HIGH)
    )
    other = fact(3, episode=3)

    found = draft(said(box(other, doubtful, resolved, anna=10), WHO, 10), made, NOW)

    assert isinstance(found, Draft)
    assert [f.id for f in found.tells] == [3]


def test_pages_about_ourselves_leave_whatever_they_cost(
    high: MakeFact, rules: Rules
) -> None:
    """Who hears that a budget is nearly used up may have used up their own."""
    made = budgeted(rules, anna=TEN)
    ours = high(1)
    ours = replace(ours, episode=replace(ours.episode, source=OURSELVES))

    found = draft(said(box(ours, high(2), anna=10), WHO, 10), made, NOW)

    assert isinstance(found, Draft)
    assert [f.id for f in found.tells] == [1]


def test_a_used_up_route_holds_back_its_own_and_nothing_else(
    high: MakeFact, rules: Rules
) -> None:
    """The other team's warnings leave as ever."""
    made = budgeted(rules, db=TEN)
    theirs, ours = replace(high(1), route="0"), replace(high(2), route="")
    mailbox = box(theirs, ours, db=10)

    first, then = draft(mailbox, made, NOW), draft(said(mailbox, ROUTE, 10), made, NOW)

    assert isinstance(first, Draft)
    assert isinstance(then, Draft)
    assert first.text.body.endswith(
        'Budget of {team="db"} used up: only its critical alerts until 27 Nov'
    )
    assert ([f.id for f in then.tells], then.over_budget) == ([2], (1,))


def test_one_digest_does_not_take_along_what_another_budget_holds(
    high: MakeFact, rules: Rules
) -> None:
    """The person was told of theirs: a route's digest is no way around it."""
    made = budgeted(rules, anna=TEN, db=TEN)
    mailbox = said(box(replace(high(1), route="0"), anna=10, db=10), WHO, 10)

    found = draft(mailbox, made, NOW)

    assert isinstance(found, Idle)


def test_a_limit_that_was_raised_and_used_up_again_is_said_again(
    high: MakeFact, rules: Rules
) -> None:
    """In between everything left: the person must learn that it does not any more."""
    found = draft(
        said(box(high(), anna=20), WHO, 10),
        budgeted(rules, anna=SpendBudget(daily=20)),
        NOW,
    )

    assert isinstance(found, Draft)
    assert found.says_used_up


def test_the_digest_says_how_many_more_wait(high: MakeFact, rules: Rules) -> None:
    """Not that they are next: they are not."""
    made = budgeted(rules, anna=TEN)
    full = replace(box(high(), anna=10), more=500)

    found = draft(full, made, NOW)

    assert isinstance(found, Draft)
    assert "until 27 Nov; +500 wait" in found.text.body
    assert "next" not in found.text.body


def test_the_notice_is_whole_in_a_text_that_is_cut(
    high: MakeFact, rules: Rules
) -> None:
    """And in the sender's own alphabet: a route's name must not double the price."""
    made = budgeted(rules, db=TEN)
    child = made.tree.root.children[0]
    odd = replace(child, matchers=parse_matchers('team="datenbänke→"'))
    made = replace(made, tree=RouteTree(replace(made.tree.root, children=(odd,))))
    payer = Payer(Scope.ROUTE, next(iter(made.tree.budgets)))
    facts = [replace(high(n, name=f"A{n}" * 9), route="0") for n in range(20)]
    mailbox = replace(box(*facts), spent={day(payer): Spent(segments=10)})

    found = draft(mailbox, made, NOW)

    assert isinstance(found, Draft)
    assert "used up: only its critical alerts until 27 Nov" in found.text.body
    assert found.text.segments <= made.budget.other
    assert measure(found.text.body).coding is DataCoding.GSM


def test_the_notice_stands_before_the_code_of_a_text(
    high: MakeFact, rules: Rules
) -> None:
    """Both are whole: what follows, and how to take it."""
    made = replace(budgeted(rules, anna=TEN), ack=AckRule(codes=True))
    facts = [high(n, name=f"A{n}" * 9) for n in range(20)]

    found = draft(box(*facts, anna=10), made, NOW)

    assert isinstance(found, Draft)
    assert found.closing
    assert found.text.body.endswith(f"alerts until 27 Nov\n{found.closing}")
    assert found.text.segments <= made.budget.other


# Providers


def test_a_provider_with_something_left_is_preferred(
    fact: MakeFact, high: MakeFact, rules: Rules, make_rules: MakeRules
) -> None:
    """For critical ones as well: the other account can still pay for the next."""
    both = budgeted(make_rules(providers=["one", "two"]), providers={"one": TEN})

    found = [draft(box(one, one=10), both, NOW) for one in (fact(), high())]

    assert [d.way.provider for d in found if isinstance(d, Draft)] == ["two", "two"]
    assert all(isinstance(d, Draft) and not d.says_used_up for d in found)


def test_with_no_provider_left_only_critical_leaves(
    fact: MakeFact, high: MakeFact, make_rules: MakeRules
) -> None:
    """By the first of them, as ever; the rest hears once, and waits."""
    both = budgeted(
        make_rules(providers=["one", "two"]), providers={"one": TEN, "two": TEN}
    )
    used = {"one": 10, "two": 10}
    after = said(box(fact(1), high(2), **used), ONE, 10)

    digest, page = draft(box(high(2), **used), both, NOW), draft(after, both, NOW)

    assert isinstance(digest, Draft)
    assert isinstance(page, Draft)
    assert [limit.period.payer for limit in digest.says_used_up] == [ONE]
    assert (page.way.provider, [f.id for f in page.tells]) == ("one", [1])
    assert page.over_budget == (2,)


def test_a_way_that_was_refused_is_not_tried_for_ever_to_save_money(
    high: MakeFact, make_rules: MakeRules
) -> None:
    """The cheap way refuses at once: choosing it again would never end."""
    both = budgeted(make_rules(providers=["one", "two"]), providers={"one": TEN})
    refused = Way(Msisdn("+46701740605"), ProviderName("two"))
    mailbox = said(box(high(1, tried=(refused,)), one=10), ONE, 10)

    found = draft(mailbox, both, NOW)

    assert isinstance(found, Idle)
    assert found.over_budget == (1,)


def test_what_a_critical_was_refused_costs_the_others_nothing(
    fact: MakeFact, high: MakeFact, make_rules: MakeRules
) -> None:
    """The other account still takes the warning: its budget is not used up."""
    both = budgeted(make_rules(providers=["one", "two"]), providers={"one": TEN})
    refused = Way(Msisdn("+46701740605"), ProviderName("two"))

    found = draft(box(fact(1, tried=(refused,)), high(2), one=10), both, NOW)

    assert isinstance(found, Draft)
    assert (found.says_used_up, found.over_budget) == ((), ())
    assert found.way.provider == "one"


def test_what_is_under_way_holds_back_and_is_not_said(
    high: MakeFact, rules: Rules
) -> None:
    """It may come back: whoever was told too early is not told when it is so."""
    made = budgeted(rules, root=TEN)
    period = day(Payer(Scope.ROUTE, "root"))
    doubtful = replace(
        box(replace(high(), route="")),
        spent={period: Spent(segments=10, under_way=1)},
    )
    sure = replace(doubtful, spent={period: Spent(segments=11, under_way=1)})

    held, said_now = draft(doubtful, made, NOW), draft(sure, made, NOW)

    assert held == Idle(until=NOW + ANSWERED, over_budget=(high().id,))
    assert isinstance(said_now, Draft)
    assert said_now.says_used_up


def test_choose_way_puts_money_after_refusals_and_before_bad_numbers() -> None:
    """A page that arrives late beats a cheap one that does not."""
    numbers = (Msisdn("+46701740605"), Msisdn("+46701740606"))
    one, two = ProviderName("one"), ProviderName("two")

    ways = ways_of(numbers, (one, two))

    way = choose_way((), ways, frozenset(numbers[:1]), frozenset({one}))

    assert way == Way(numbers[1], two)


# What grows too old meanwhile


def test_what_expires_while_a_budget_holds_it_says_so(
    high: MakeFact, rules: Rules
) -> None:
    """The rule that ended it is named: history answers "why was I not told?"."""
    old = high(1, expires=NOW)
    held = replace(high(2, expires=NOW), over_budget=True)

    drops = sort_out(box(old, held), NOW).drops

    assert [(drop.state, drop.reason) for drop in drops] == [
        (State.EXPIRED, Reason.TIME_TO_LIVE),
        (State.EXPIRED, Reason.OVER_BUDGET),
    ]


def test_a_held_mailbox_is_looked_at_when_something_grows_too_old(
    high: MakeFact, rules: Rules
) -> None:
    """Not only when the month ends."""
    made = budgeted(rules, anna=TEN)
    soon = NOW + timedelta(minutes=20)

    found = draft(said(box(high(expires=soon), anna=10), WHO, 10), made, NOW)

    assert isinstance(found, Idle)
    assert found.until == soon


# Warnings


def limit(segments: int = 100, payer: Payer = WHO, key: str = "2026-11-26") -> Limit:
    """A limit of today."""
    return Limit(Period(payer, key), segments, NOW + timedelta(hours=15))


@pytest.mark.parametrize(
    ("spent", "percent"),
    [
        pytest.param(Spent(segments=49), None, id="less-than-half"),
        pytest.param(Spent(segments=50), 50, id="half"),
        pytest.param(Spent(segments=79, warned=50, warned_of=100), None, id="told"),
        pytest.param(Spent(segments=80, warned=50, warned_of=100), 80, id="80"),
        pytest.param(Spent(segments=100), 100, id="a-jump-tells-the-highest-only"),
        pytest.param(Spent(segments=140, warned=100, warned_of=100), None, id="once"),
        pytest.param(Spent(segments=81, warned=50, warned_of=10), 80, id="new-limit"),
        pytest.param(Spent(segments=99, under_way=60), None, id="may-come-back"),
        pytest.param(Spent(segments=99, under_way=19), 80, id="the-rest-has-left"),
    ],
)
def test_each_mark_is_told_once(spent: Spent, percent: int | None) -> None:
    """The highest that is passed and was not told; never one below it afterwards."""
    found = crossing_of(limit(), spent)

    assert (None if found is None else found.percent) == percent


def test_a_period_that_is_over_is_not_told_of(rules: Rules) -> None:
    """An answer after midnight: yesterday's budget concerns nobody."""
    made = budgeted(rules, anna=TEN)
    yesterday = {day(key="2026-11-25"): Spent(segments=10)}

    assert list(crossings_in(yesterday, made, NOW)) == []
    assert [c.percent for c in crossings_in({day(): Spent(segments=9)}, made, NOW)] == [
        80
    ]


@pytest.mark.parametrize(
    ("crossing", "words"),
    [
        (
            Crossing(limit(), 80, 82),
            "anna has used 80 % of 100 segments today",
        ),
        (
            Crossing(limit(1, ONE, "2026-11"), 100, 1),
            (
                "provider one has used 1 segment, all there is this month:"
                " it sends only critical alerts until 1 Dec"
            ),
        ),
        (
            Crossing(limit(500, ROUTE, "2026-11"), 50, 250),
            'route {team="db"} has used 50 % of 500 segments this month',
        ),
        (
            Crossing(limit(10, Payer(Scope.RECIPIENT, "+46701740650")), 50, 5),
            "+467*****650 has used 50 % of 10 segments today",
        ),
    ],
)
def test_the_admins_read_whose_budget_and_how_much(
    crossing: Crossing, words: str
) -> None:
    """And at the end, what follows and until when."""
    assert crossing_words(crossing) == words


@pytest.mark.parametrize(
    "rule",
    [
        pytest.param(SeverityRule(), id="our-words"),
        pytest.param(
            SeverityRule(
                label="prio",
                critical=frozenset({"p1"}),
                low=frozenset({"warning", "p4"}),
            ),
            id="others",
        ),
    ],
)
@pytest.mark.parametrize(
    ("percent", "severity"),
    [(50, Severity.LOW), (80, Severity.HIGH), (100, Severity.CRITICAL)],
)
def test_half_a_budget_wakes_nobody_and_its_end_does(
    rules: Rules, rule: SeverityRule, percent: int, severity: Severity
) -> None:
    """In whatever words the config has for that."""
    made = budget_crossed(
        Crossing(limit(), percent, percent), replace(rules, severity=rule), NOW
    )

    (fact,) = made.facts
    assert (fact.severity, made.keys.source) == (severity, OURSELVES)


def test_marks_periods_and_payers_are_pages_of_their_own(rules: Rules) -> None:
    """Two that happen at once are two episodes."""
    crossings = [
        Crossing(limit(), 50, 50),
        Crossing(limit(), 80, 80),
        Crossing(limit(payer=ONE), 50, 50),
        Crossing(limit(key="2026-11"), 50, 50),
    ]
    keys = {budget_crossed(c, rules, NOW).keys.fingerprints for c in crossings}

    assert len(keys) == len(crossings)


def test_a_limit_is_of_its_own_span() -> None:
    """A budget with a month alone has no day."""
    found = list(limits_of(WHO, SpendBudget(monthly=5), NOW))

    assert [(x.period.span, x.segments) for x in found] == [(Span.MONTH, 5)]
