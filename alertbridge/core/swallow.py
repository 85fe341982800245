"""A watchdog in a post: recorded for as long as it is heard, and told to nobody."""

from alertbridge.core.alert import Alert, Status
from alertbridge.core.episode import KnownEpisode
from alertbridge.core.plan import LeftOut, OpenEpisode, Verdict
from alertbridge.core.plan_draft import PlanDraft


def swallow(
    draft: PlanDraft, alert: Alert, known: KnownEpisode | None, where: str
) -> None:
    """Add a watchdog to a plan; to the rest of its post it is no news.

    That it resolves is not recorded: it would hide that it is heard again.
    """
    if alert.status is Status.RESOLVED:
        return
    if known is None or known.ends_at is not None:
        severity = draft.rules.severity.classify(alert.labels)
        draft.opens.append(
            OpenEpisode(
                alert=alert, starts_at=draft.now, ends_at=None, severity=severity
            )
        )
    else:
        draft.keep(alert, known, known.starts_at)
    draft.left_out.append(LeftOut(alert.fingerprint, None, Verdict.WATCHDOG, where))
