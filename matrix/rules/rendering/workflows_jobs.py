"""
Which jobs CI runs: one for each integration and Python, with the exact names of its environments.

Rows that are allowed to fail are in jobs of their own, in a workflow that the gate does not wait
for. The ``-latest`` aliases are not run: each of them is an environment that has a job already.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from matrix.rules.ci import Ci, Service
from matrix.rules.facts import Python
from matrix.rules.parts import IntegrationPart, LayoutPart
from matrix.rules.rendering.factors import environment

LARGEST_MATRIX = 256  # Jobs that GitHub makes of one matrix.
FOLDER = ".github/workflows"
MAIN = f"{FOLDER}/test-integrations.yml"
ADVISORY = "advisory"


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One entry of a matrix."""

    integration: str
    python: Python
    environments: tuple[str, ...]  # Ascending by version; never empty.
    services: tuple[Service, ...]  # By name.
    container: str  # An image; empty where the job runs on the runner itself.


@dataclass(frozen=True, kw_only=True, slots=True)
class Workflow:
    """One reusable workflow: a group, a piece of one, or all that is advisory."""

    slug: str
    title: str  # What people read.
    is_advisory: bool
    jobs: tuple[Job, ...]  # At most LARGEST_MATRIX.

    @property
    def path(self) -> str:
        return f"{FOLDER}/test-integrations-{self.slug}.yml"

    @property
    def services(self) -> list[Service]:
        """Return what at least one of the jobs needs, by name."""
        found = {service.name: service for job in self.jobs for service in job.services}
        return [found[name] for name in sorted(found)]

    @property
    def has_containers(self) -> bool:
        return any(job.container for job in self.jobs)

    def is_for_all(self, service: Service) -> bool:
        return all(service in job.services for job in self.jobs)


def workflows_of(layout: LayoutPart, ci: Ci, parts: Iterable[IntegrationPart]) -> list[Workflow]:
    """Return the reusable workflows in the order of the groups, then what is advisory."""
    ordered = sorted((part for part in parts if part.rows), key=lambda part: part.name)
    place = {group: number for number, group in enumerate(layout.groups)}
    groups = sorted({part.group for part in ordered}, key=lambda g: (place.get(g, len(place)), g))
    slugs = slugs_of(groups)
    found: list[Workflow] = []
    for group in groups:
        members = [part for part in ordered if part.group == group]
        jobs = [job for part in members for job in _jobs(part, ci, is_advisory=False)]
        found += _split(slugs[group], group, jobs, is_advisory=False)
    advisory = [job for part in ordered for job in _jobs(part, ci, is_advisory=True)]
    return [*found, *_split(ADVISORY, "Advisory", advisory, is_advisory=True)]


def slugs_of(groups: Sequence[str]) -> dict[str, str]:
    """
    Return ``web-1`` for the group "Web 1": letters, digits and single dashes.

    Groups that would share a slug get a hash of their name behind it, each of them, so that no
    file changes its name when another group comes or goes to the front.
    """
    plain = {group: _plain_slug(group) for group in groups}
    taken = Counter(plain.values())
    return {
        group: slug if slug and slug != ADVISORY and taken[slug] == 1 else _hashed(slug, group)
        for group, slug in plain.items()
    }


def _plain_slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _hashed(slug: str, name: str) -> str:
    # An underscore is in no plain slug.
    return f"{slug or 'group'}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _jobs(part: IntegrationPart, ci: Ci, *, is_advisory: bool) -> Iterator[Job]:
    rows = [row for row in part.rows if row.is_advisory is is_advisory]
    for python in sorted({python for row in rows for python in row.pythons}):
        versions = [row.version for row in rows if python in row.pythons]
        is_missing = str(python) in ci.container_pythons
        yield Job(
            integration=part.name,
            python=python,
            environments=tuple(environment(python, part.name, version) for version in versions),
            services=ci.services_of(part.group, part.name),
            container=f"{ci.container_image}:{python}" if is_missing else "",
        )


def _split(slug: str, title: str, jobs: Sequence[Job], *, is_advisory: bool) -> Iterator[Workflow]:
    """Yield as many workflows as the jobs need; two dashes before a number are in no slug."""
    for number, start in enumerate(range(0, len(jobs), LARGEST_MATRIX), start=1):
        yield Workflow(
            slug=slug if number == 1 else f"{slug}--{number}",
            title=title if number == 1 else f"{title} ({number})",
            is_advisory=is_advisory,
            jobs=tuple(jobs[start : start + LARGEST_MATRIX]),
        )
