"""Wire formats in: bytes that a sender posted, an `AlertGroup` out.

Pure, and strangers to config and HTTP. A new source is one file with a `parse`, its
bodies under `tests/payloads/`, and a line in `SOURCES`.
"""

from collections.abc import Mapping

from alertbridge.ports import Source
from alertbridge.sources import alertmanager, grafana, page

SOURCES: Mapping[str, Source] = {
    "alertmanager": alertmanager.parse,
    "grafana": grafana.parse,
    "grafana_legacy": grafana.parse,
    "page": page.parse,
}
"""What the config may call a source's `type`, and who reads its bodies."""
