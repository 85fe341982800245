"""How many descriptors the process may have, and how many of them are for clients."""

import resource

ENOUGH = 65536
"""Descriptors that are asked for; the usual 1,024 are meant for `select`."""

KEPT = 200
"""Descriptors that connections to us leave alone: we use some 20, gateways 64."""


def allow_descriptors() -> int:
    """Allow as many as we may, up to ENOUGH; says how many that are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return ENOUGH if soft == resource.RLIM_INFINITY else soft


def most_connections(descriptors: int) -> int:
    """How many connections to us may stay open, given so many descriptors.

    >>> [most_connections(n) for n in (64, 256, 1024)]
    [16, 64, 824]
    """
    return max(descriptors // 4, descriptors - KEPT)
