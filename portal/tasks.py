"""
Every function that is queued or scheduled.

Their dotted paths stand in the database: renaming one needs a data migration. Each takes plain
values, loads, makes one call, and may run twice: delivery is at least once.
"""

from django.utils.timezone import now

from portal.operations import retention


def heartbeat() -> None:
    """Do nothing: that the task comes through is the message (portal/operations/health.py)."""


def tidy() -> str:
    return str(retention.tidy(now()))
