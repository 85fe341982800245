"""Alertmanager and Grafana webhooks in, SMS out, and nothing confirmed is lost.

Data flows one way::

    POST body -> sources.<name>.parse -> AlertGroup
                                           |  known = what these recipients heard
                  core.plan(group, rules, known, now) -> Plan
                                           |  notifications written, fsync
                                           v  2xx
    ----------------------------------------------------------------------
    dispatcher: claim due mailboxes -> core.dispatch.draft -> Message
                attempt row written BEFORE the first byte leaves
                provider.submit(submission) -> outcome per number
                core.delivery.next_step -> settle (fenced)

Floors, each importing only what is below it (``tests/test_architecture.py``)::

    5  cli/                                    people
    4  wiring.py                               the only place that knows everyone
    3  web/  simulator/                        ways in
    2  engine/ sources/ providers/ stores/ config/ telemetry.py  strangers
    1  ports/                                  Protocols, and what they exchange
    0  core/                                   pure: no I/O, no clock, no dice
"""

__version__ = "0.1.0"
