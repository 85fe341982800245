"""Grafana's webhooks: unified alerting (version "1"), and legacy by its shape.

Unified alerting sends Alertmanager's shape and more. Its alerts are told by labels and
annotations like any other: `values`, `valueString`, `title` and `message` repeat them.
NoData and Error arrive as `DatasourceNoData` and `DatasourceError`, with the rule's own
name in the label `rulename`. Hidden labels (`__x__`), which arrive when an external
Alertmanager relays, are kept: routing may match them.
"""

from datetime import datetime

from alertbridge.core.alert import AlertGroup, SourceName
from alertbridge.sources.alertmanager import read_group
from alertbridge.sources.grafana_legacy import is_legacy, read_rule
from alertbridge.sources.reading import read_object


def parse(body: bytes, source: SourceName, *, now: datetime) -> AlertGroup:
    """Read a body as any Grafana posts it.

    The shape decides, not the configured type: the day Grafana is upgraded, a contact
    point changes from legacy to unified and must go on paging.

    Raises:
        PayloadError: no JSON object, or of neither shape.
    """
    document = read_object(body)
    if is_legacy(document):
        return read_rule(document, source)
    return read_group(document, source, now=now)
