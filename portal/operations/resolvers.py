"""How this process resolves: for how long, and with how many processes."""

from collections.abc import Callable
from datetime import timedelta

from django.conf import settings
from django.utils.timezone import now

from matrix.environments.resolving import drain
from matrix.sdk.resolving import Resolver, nobody, owner

FOR_EVER = 24 * 3600  # Seconds: a person waits at the terminal, and may press Ctrl-C.


def a_resolver(
    *,
    seconds: float = FOR_EVER,
    on_progress: Callable[[int, int], object] = nobody,
    on_open: Callable[[], object] = nobody,
) -> Resolver:
    return Resolver(
        clock=now,
        until=now() + timedelta(seconds=seconds),
        processes=settings.PORTAL_UV_PROCESSES,
        on_progress=on_progress,
        on_open=on_open,
    )


def help_to_resolve(*, seconds: float) -> int:
    """Resolve what waits, for any run; return how many environments this process resolved."""
    return drain(
        owner=owner(),
        clock=now,
        until=now() + timedelta(seconds=seconds),
        processes=settings.PORTAL_UV_PROCESSES,
    )
