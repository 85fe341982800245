"""The verdict on a run of the kill harness, for a person and for a program."""

import json

from kill_history import History
from kill_verdict import FAILURES, Verdict


def report(verdict: Verdict, history: History, seed: int) -> str:
    """One table, and the examples of what failed."""
    counts = verdict.counts
    rows = [
        ("seed", seed),
        ("kills", history.kills),
        ("  of these during start", history.early_kills),
        ("posts that failed", history.faulty_posts),
        ("attempted", counts["attempted"]),
        ("acked", counts["acked"]),
        ("ok", counts["ok"] + counts["counted"]),
        ("  told only as +N more", counts["counted"]),
        ("ended by a rule", counts["ended"]),
        ("dead, with a meta-alert", counts["dead"]),
        ("lost", counts["lost"]),
        ("unexpected", counts["unexpected"]),
        ("undrained", counts["undrained"]),
        ("recovered", counts["recovered"]),
        ("duplicated", counts["duplicated"]),
        ("  the sender was killed", counts["after_kill"]),
        ("  the answer was lost", counts["after_fault"]),
        ("  unexplained", counts["unexplained"]),
        ("ended by itself", counts["deaths"]),
        ("requests in one second", counts["busiest"]),
        ("verdict", "pass" if verdict.passed else "FAIL"),
    ]
    lines = [f"{label:<26}{value:>10}" for label, value in rows]
    for what in FAILURES:
        lines += [f"{what}: {example}" for example in verdict.examples.get(what, [])]
    return "\n".join(lines)


def summary(verdict: Verdict, history: History, seed: int) -> str:
    """The same as JSON."""
    counts = {**verdict.counts, "kills": history.kills, "seed": seed}
    return json.dumps({"passed": verdict.passed, **counts})
