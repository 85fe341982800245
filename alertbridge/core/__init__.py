"""What alertbridge thinks: pure functions over plain values.

No I/O, no clock, no dice and no logging in here: `now` and jitter are arguments,
and every decision returns its reason. The files read in the order of the data:
alert, episode, matcher, route, recipient, plan, mailbox, compose, encoding, message,
delivery; beside them pace, quiet, severity, interval.
"""
