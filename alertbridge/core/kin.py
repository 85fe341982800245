"""Alerts that differ only in how bad they are: a warning, and its critical.

Who was told the warning hears of the critical as *worse*, not as something new.
"""

from hashlib import blake2b

from alertbridge.core.alert import Labels, SourceName


def kin_of(source: SourceName, labels: Labels, severity_label: str) -> str:
    """Identify an alert but for its severity; '' if it does not say how bad it is.

    Not the sender's fingerprint: that is another one for each severity.
    """
    if severity_label not in labels:
        return ""
    rest = sorted(item for item in labels.items() if item[0] != severity_label)
    digest = blake2b(repr((source, rest)).encode("utf-8", "replace"), digest_size=12)
    return digest.hexdigest()
