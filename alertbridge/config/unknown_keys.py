"""What to say about keys that are not ours, above all those of Alertmanager."""

from collections.abc import Iterable
from typing import Final

from alertbridge.config.problems import Path, did_you_mean, one_of

_RECEIVER_FIX: Final = "name people: recipients, phone_lists or phones"
_TLS_FIX: Final = "remove it: certificates are always verified"

_MANY: Final = 12
"""More keys than this are not listed in a message."""

_ANYWHERE: Final = {
    "verify": _TLS_FIX,
    "insecure_skip_verify": _TLS_FIX,
    "tls_config": _TLS_FIX,
}

_AT_TOP: Final = {
    "global": "remove it: each receiver, source and provider has its own settings",
    "inhibit_rules": "keep them in Alertmanager: what it inhibits does not come here",
    "receiver": "did you mean receivers?",
    "people": "did you mean recipients?",
    "schedules": "this version has no schedules: list recipients in the receiver",
}

_IN_RECEIVER: Final = {
    "steps": "this version has no escalation steps: list all recipients here",
    "schedules": "this version has no schedules: list recipients here",
    "to": _RECEIVER_FIX,
}

_IN_ROUTE: Final = {
    "target_match": "that is for inhibit_rules: keep those in Alertmanager",
    "matcher": "did you mean matchers?",
}


def fix_for(path: Path, known: Iterable[str]) -> str:
    """Say what to write instead of the unknown key at the end of *path*.

    *known* are the keys that may stand there.
    """
    key = str(path[-1])
    known = tuple(known)
    told = _ANYWHERE.get(key) or _in_context(path, key)
    listed = one_of(known) if len(known) <= _MANY else "see docs/config.md for the keys"
    return told or did_you_mean(key, known, listed)


def _in_context(path: Path, key: str) -> str | None:
    match path[0]:
        case "receivers" if len(path) > 1:
            own = _RECEIVER_FIX if key.endswith("_configs") else None
            return _IN_RECEIVER.get(key) or own
        case "route" if len(path) > 1:
            return _IN_ROUTE.get(key)
        case _ if len(path) == 1:
            return _AT_TOP.get(key)
        case _:
            return None
