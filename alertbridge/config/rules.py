"""From the model to `core.rules.Rules`: the checks between keys, all of them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from alertbridge.config.address import parse_listen
from alertbridge.config.drills import read_drill
from alertbridge.config.hours import Hours
from alertbridge.config.lint import lint
from alertbridge.config.model import ConfigFile
from alertbridge.config.people import People, Zone, gather_people
from alertbridge.config.problems import did_you_mean, shown
from alertbridge.config.reach import check_fallbacks, read_countries
from alertbridge.config.report import Report
from alertbridge.config.routing import read_intervals, read_routes
from alertbridge.config.salvage import Salvaged
from alertbridge.config.spending import spend_of_people, spend_of_providers
from alertbridge.config.templates import TemplateFiles, read_templates
from alertbridge.config.watchdogs import watchdogs_of_sources
from alertbridge.core.ack import AckRule
from alertbridge.core.alert import SourceName
from alertbridge.core.flapping import NEVER, Flapping
from alertbridge.core.notification import ProviderName
from alertbridge.core.pace import Limit, Pace
from alertbridge.core.recipient import ReceiverName
from alertbridge.core.rules import Budget, Rules, TimeToLive
from alertbridge.core.severity import SeverityRule

_PAGE = "page"
"""The source that `alertbridge page` posts to, and the type of what it posts."""


MAX_ADDRESS = 60
"""Characters of `server.external_url` that a link may cost each text."""


def make_rules(
    report: Report,
    salvaged: Salvaged[ConfigFile],
    zone: Zone,
    version: str,
    files: TemplateFiles,
) -> Rules:
    """Build the rules, reporting what does not fit together.

    *files* are those that templates were read from.

    With errors in *report* the result is incomplete, and must not be used.
    """
    config = salvaged.model
    intervals = read_intervals(report, salvaged, zone)
    known_intervals = {*intervals, *_named(report, "time_intervals")}
    hours = Hours(report, salvaged, intervals, known_intervals)
    people = gather_people(report, salvaged, zone, hours)
    for name, budget in spend_of_people(report, salvaged, people.recipients):
        people.recipients[name] = replace(people.recipients[name], spend=budget)
    _check_not_empty(report, config)
    check_fallbacks(report, salvaged, [*_named(report, "receivers")])
    tree = read_routes(
        report,
        salvaged,
        receivers={*people.receivers, *_named(report, "receivers")},
        intervals=known_intervals,
        zone=zone,
    )
    rules = Rules(
        tree=tree,
        drill=read_drill(report, salvaged, people, zone),
        receivers=people.receivers,
        recipients=people.recipients,
        providers=tuple(ProviderName(entry.name) for entry in config.providers),
        countries=read_countries(report, salvaged, people.recipients),
        meta_receiver=_meta_receiver(report, config, people),
        intervals=intervals,
        templates=read_templates(report, salvaged, files),
        severity=_severity(report, config),
        time_to_live=TimeToLive(
            critical=config.time_to_live.critical,
            high=config.time_to_live.high,
            low=config.time_to_live.low,
        ),
        budget=Budget(critical=config.segments.critical, other=config.segments.other),
        pace=_pace(report, salvaged),
        provider_spend=dict(spend_of_providers(report, salvaged, zone)),
        ack=_ack(report, config),
        repeat_window=config.repeat_window,
        flapping=_flapping(config),
        stale_after=config.stale_after,
        linked_hosts=frozenset(config.linked_hosts),
        max_open={SourceName(s.name): s.max_open for s in config.sources},
        watchdogs=dict(watchdogs_of_sources(report, salvaged)),
        version=version,
    )
    _check_border(report, salvaged)
    lint(report, salvaged, rules)
    return rules


def _named(report: Report, top: str) -> Iterator[str]:
    """Yield the names in a list of the document, of broken members as well."""
    data = report.document.data
    entries = data.get(top) if isinstance(data, dict) else None
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and isinstance(entry.get("name"), str):
            yield entry["name"]


def _check_not_empty(report: Report, config: ConfigFile) -> None:
    needs = (
        ("sources", config.sources, "nobody could post to us"),
        ("providers", config.providers, "nothing could be sent"),
        ("receivers", config.receivers, "nobody could be paged"),
    )
    for top, entries, consequence in needs:
        if not entries:
            problem = f"there are no {top}: {consequence}"
            report.error((top,), problem, "write one, as in config/minimal.yaml")


def _meta_receiver(report: Report, config: ConfigFile, people: People) -> ReceiverName:
    name = config.meta.receiver
    if name is None:
        return ReceiverName(config.route.receiver or "")
    if name not in {*people.receivers, *_named(report, "receivers")}:
        fix = did_you_mean(name, people.receivers, "add it to receivers")
        report.error(("meta", "receiver"), f"there is no receiver {shown(name)}", fix)
    return ReceiverName(name)


def _severity(report: Report, config: ConfigFile) -> SeverityRule:
    critical = frozenset(value.lower() for value in config.severity.critical)
    low = frozenset(value.lower() for value in config.severity.low)
    for value in sorted(critical & low):
        problem = f"{shown(value)} is critical as well as low"
        report.error(("severity", "low"), problem, "keep it in one of the lists")
    return SeverityRule(label=config.severity.label, critical=critical, low=low)


def _pace(report: Report, salvaged: Salvaged[ConfigFile]) -> Pace:
    entries = salvaged.model.pace
    if not entries:
        problem = "an empty list: nobody can tell whether none or all may leave"
        fix = "write a limit, or remove `pace`; {limit: 1000, window: 1m} hardly holds"
        report.error(("pace",), problem, fix)
    limits = tuple(
        Limit(
            limit=entry.limit,
            window=entry.window,
            kept_for_critical=entry.kept_for_critical,
        )
        for entry in entries
    )
    for i, limit in enumerate(limits):
        place = salvaged.place(("pace", i))
        if limit.kept_for_critical >= limit.limit:
            problem = "nothing is left for what is not critical"
            fix = f"write less than the limit, which is {limit.limit}"
            report.error((*place, "kept_for_critical"), problem, fix)
        for j, other in enumerate(limits):
            # Of two that are alike, the second is said to be too many.
            is_first = j > i and other.is_pointless_beside(limit)
            if j != i and limit.is_pointless_beside(other) and not is_first:
                there = report.document.mark_of(salvaged.place(("pace", j)))
                problem = f"never reached: the limit in line {there.line} is stricter"
                report.warn(place, problem, "remove one of the two")
                break
    return Pace(limits)


def _ack(report: Report, config: ConfigFile) -> AckRule:
    ack, address = config.ack, config.server.external_url
    if not ack.links or report.is_broken(("server", "external_url")):
        pass
    elif address is None:
        problem = "nobody can open a link without knowing where we are"
        fix = "set server.external_url, such as https://alertbridge.example.org"
        report.error(("ack", "links"), problem, fix)
    elif len(address) > MAX_ADDRESS:
        problem = f"server.external_url has {len(address)} characters of every text"
        fix = f"give links a name of at most {MAX_ADDRESS}, or turn them off"
        report.error(("ack", "links"), problem, fix)
    elif not address.startswith("https:"):
        problem = "links over plain http: who listens on the way can open them, too"
        fix = "put a TLS proxy in front, and write https:// in server.external_url"
        report.warn(("ack", "links"), problem, fix)
    return AckRule(
        codes=ack.codes,
        address=address if ack.links else None,
        link_lifetime=ack.link_lifetime,
    )


def _flapping(config: ConfigFile) -> Flapping:
    flapping = config.flapping
    if flapping is None:
        return NEVER
    return Flapping(
        times=flapping.times, window=flapping.window, settles=flapping.settles
    )


def _check_border(report: Report, salvaged: Salvaged[ConfigFile]) -> None:
    config = salvaged.model
    _check_once(report, salvaged, "sources", [entry.name for entry in config.sources])
    names = [entry.name for entry in config.providers]
    _check_once(report, salvaged, "providers", names)
    for i, source in enumerate(config.sources):
        if source.name == _PAGE != source.type:
            fix = "`alertbridge page` posts to it: write another, or type: page"
            path = salvaged.place(("sources", i, "name"))
            report.error(path, "a name that is taken", fix)
    if parse_listen(config.server.listen).is_loopback:
        return
    for i, source in enumerate(config.sources):
        if not (source.authorization or source.basic_auth or source.hmac):
            problem = "everybody who reaches this port could page your people"
            fix = "add authorization, basic_auth or hmac, or listen on loopback only"
            report.error(salvaged.place(("sources", i)), problem, fix)


def _check_once(
    report: Report, salvaged: Salvaged[ConfigFile], top: str, names: Sequence[str]
) -> None:
    for i, name in enumerate(names):
        if name in names[:i]:
            problem = f"a second {top.removesuffix('s')} {shown(name)}"
            path = salvaged.place((top, i, "name"))
            report.error(path, problem, "give each a name of its own")
