"""Applications with honest defaults, and locking them against an index on the loopback."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Permission, User
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from matrix.environments.uv import Outcome, Resolved, resolve
from matrix.review.models import Proposal, Publication
from matrix.rules.resolution import LockRequest
from matrix.sdk.publishing import approve_and_publish
from portal.guidance.models import Application, DependencySet
from portal.guidance.running import carry_out, request
from tests.environments.makers import a_uv

NOW = datetime(2026, 3, 2, 3, 23, tzinfo=UTC)
Lock = Callable[[LockRequest], Outcome]


def an_application(
    slug: str = "shop", sets: Mapping[str, str] | None = None, **values: Any
) -> Application:
    # The indexes of most tests have no tool to lock.
    application = Application(slug=slug, **{"name": "Shop", "locks_tool": False, **values})
    application.full_clean()
    application.save()
    for name, requirements in ({"main": "rsfoo"} if sets is None else sets).items():
        each = DependencySet(application=application, name=name, requirements=requirements)
        each.full_clean()
        each.save()
    return application


def a_lock(folder: Path) -> Lock:
    """The real uv, in a folder of the test."""
    return partial(resolve, uv=a_uv(folder))


def locked_as(*lines: str) -> Lock:
    """A resolver that answers at once: of these lines those that are asked for."""

    def lock(request: LockRequest) -> Outcome:
        asked = {str(canonicalize_name(Requirement(text).name)) for text in request.requirements}
        found = [line for line in lines if line.partition("==")[0] in asked]
        if request.as_pylock:
            return Resolved((), 0.0, text='lock-version = "1.0"\n')
        entries = (
            f"{line} \\\n    --hash=sha256:{line.encode().hex():0<64}\n    # via -r main.in\n"
            for line in sorted(found)
        )
        return Resolved(tuple(found), 0.0, text="".join(entries))

    return lock


def run(application: Application, lock: Lock, at: datetime = NOW, **values: Any) -> Proposal | None:
    found = request(application, by=None, at=at, **values)
    return carry_out(found, clock=lambda: at, lock=lock)


def a_proposal(application: Application, lock: Lock, at: datetime = NOW, **values: Any) -> Proposal:
    proposal = run(application, lock, at, **values)
    assert proposal is not None
    return proposal


def a_reviewer(name: str = "ana") -> User:
    user, _ = User.objects.get_or_create(username=name)
    codenames = ["decide", "publish", "view_proposal"]
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return User.objects.get(pk=user.pk)


def a_publication(
    application: Application, lock: Lock, at: datetime = NOW, **values: Any
) -> Publication:
    proposal = a_proposal(application, lock, at, **values)
    return approve_and_publish(proposal.number, by=a_reviewer(), at=at)
