"""Bodies are stored once, by the SHA-256 of their bytes."""

import hashlib
from collections.abc import Collection

from matrix.review.models import Snapshot


def digest(text: str) -> str:
    """Return the SHA-256 of the UTF-8 bytes of *text* in hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def store(body: str) -> Snapshot:
    """Return the snapshot of *body*; it is made when there is none."""
    return store_all([body])[body]


def store_all(bodies: Collection[str]) -> dict[str, Snapshot]:
    """Return ``{body: snapshot}`` for all of them, in two queries at most."""
    named = {digest(body): body for body in bodies}
    known = set(
        Snapshot.objects.filter(sha256__in=named).values_list("sha256", flat=True) if named else ()
    )
    # In order of their names: two processes that store the same bodies then wait for each other
    # instead of locking each other out. A body that the other one stored first is no error.
    Snapshot.objects.bulk_create(
        [Snapshot(sha256=sha, body=named[sha]) for sha in sorted(named.keys() - known)],
        ignore_conflicts=True,
    )
    return {body: Snapshot(sha256=sha, body=body) for sha, body in named.items()}
