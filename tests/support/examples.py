"""What property tests over the database need."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


@contextmanager
def rolled_back() -> Iterator[None]:
    """Each example starts from an empty database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
