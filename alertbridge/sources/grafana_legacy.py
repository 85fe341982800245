"""Grafana's legacy dashboard alerting (4 to 8): one post per rule, no times.

Nothing in it is an identity of its own: an alert is its rule and the tags of the
series that matched. An `ok` names no series, so it ends whatever the rule had open.
"""

from collections.abc import Mapping
from enum import Enum, auto

from alertbridge.core.alert import (
    Alert,
    AlertGroup,
    Fingerprint,
    GroupKey,
    Labels,
    SourceName,
    Status,
    Unreadable,
)
from alertbridge.sources.reading import (
    ANNOTATION_LIMIT,
    KEY_LIMIT,
    LABEL_LIMIT,
    MOST_ALERTS,
    identity_of,
    raw_text,
    text,
    text_map,
)

NAMELESS = "Grafana alert"
"""What a rule without a name is called."""


class _State(Enum):
    FIRES = auto()
    ENDED = auto()
    NOT_YET = auto()


def is_legacy(document: Mapping[str, object]) -> bool:
    """Say whether a post has the legacy shape."""
    return "alerts" not in document and (
        "evalMatches" in document or "ruleId" in document
    )


def read_rule(document: Mapping[str, object], source: SourceName) -> AlertGroup:
    """Read the post of one rule."""
    rule = _identity(document)
    alerts: tuple[Alert, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    beyond = 0
    state = _read_state(document.get("state"))
    if state is _State.FIRES:
        alerts, unreadable, beyond = _read_matches(document, rule)
    return AlertGroup(
        source=source,
        receiver="",
        group_key=GroupKey(text("/".join(rule.values()), KEY_LIMIT)),
        alerts=alerts,
        truncated=beyond,
        unreadable=unreadable,
        ends_others=state is _State.ENDED,
    )


def _read_state(value: object) -> _State:
    match value:
        case "ok" | "paused":
            return _State.ENDED
        case "pending":
            return _State.NOT_YET
        case _:
            # alerting, no_data, and what we do not know: in doubt it fires.
            return _State.FIRES


def _identity(document: Mapping[str, object]) -> dict[str, str]:
    """Name the rule; the oldest senders have no organisation, some no rule id."""
    org = document.get("orgId")
    for key in ("ruleId", "ruleUrl", "ruleName"):
        value = document.get(key)
        if value is not None and value != "":
            break
    else:
        key, value = "ruleName", NAMELESS
    return {
        "__org_id__": "" if org is None else text(org, LABEL_LIMIT),
        f"__{key}__": text(value, LABEL_LIMIT),
    }


def _read_matches(
    document: Mapping[str, object], rule: Labels
) -> tuple[tuple[Alert, ...], tuple[Unreadable, ...], int]:
    found = document.get("evalMatches")
    matches = found if isinstance(found, list) else []
    readable = [match for match in matches[:MOST_ALERTS] if isinstance(match, dict)]
    unreadable = tuple(
        Unreadable("not an object", raw_text(match))
        for match in matches[:MOST_ALERTS]
        if not isinstance(match, dict)
    )
    # A rule whose query fails fires without naming a series: the rule itself is told.
    alerts = tuple(_alert(document, rule, match) for match in readable or [{}])
    return alerts, unreadable, max(0, len(matches) - MOST_ALERTS)


def _alert(
    document: Mapping[str, object], rule: Labels, match: Mapping[str, object]
) -> Alert:
    tags = text_map(match.get("tags"), LABEL_LIMIT)
    metric = match.get("metric")
    series = {} if metric is None else {"metric": text(metric, LABEL_LIMIT)}
    name = document.get("ruleName")
    url = document.get("ruleUrl")
    return Alert(
        status=Status.FIRING,
        fingerprint=_fingerprint(rule, tags, series),
        labels={
            **series,
            **tags,
            **text_map(document.get("tags"), LABEL_LIMIT),
            "alertname": text(name, LABEL_LIMIT) if name else NAMELESS,
        },
        annotations=text_map(
            {
                "summary": document.get("title"),
                "description": document.get("message"),
                "value": match.get("value"),
            },
            ANNOTATION_LIMIT,
        ),
        generator_url=text(url, LABEL_LIMIT) if isinstance(url, str) else "",
    )


def _fingerprint(rule: Labels, tags: Labels, series: Labels) -> Fingerprint:
    """Identify a series of a rule by its tags, or by its name if it has none.

    The name alone would not do: an alias can be edited, and several series share one.
    """
    return identity_of({**(tags or series), **rule})
