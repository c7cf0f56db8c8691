"""The 61 integrations of the replaced script, and what the index said of their projects."""

import json
import lzma
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from matrix.rules.facts import (
    FreeThreading,
    Metadata,
    Needs,
    Policy,
    Python,
    PythonRestrictionRule,
    Release,
    RequirementRule,
    Selection,
)
from matrix.rules.selection import select

DATA = Path(__file__).parents[1] / "data"
AS_OF = datetime(2026, 8, 10, 8, 45, tzinfo=UTC)  # The last full run of the replaced script.


@dataclass(frozen=True, kw_only=True)
class RecordedSuite:
    """One integration, ready to be selected."""

    name: str
    policy: Policy
    releases: tuple[Release, ...]
    metadata: dict[Version, Metadata]
    rules: tuple[RequirementRule, ...]

    def selection(self) -> Selection:
        found = select(self.policy, self.releases, self.metadata)
        assert not isinstance(found, Needs), f"{self.name} lacks {found.versions}"
        return found


@cache
def catalogue() -> dict[str, Any]:
    """``config_facts.json`` as it is."""
    content: dict[str, Any] = json.loads((DATA / "catalogue/config_facts.json").read_text())
    return content


@cache
def index_files() -> dict[str, dict[str, list[list[Any]]]]:
    """``{project: {version: [[filename, upload time, Requires-Python, yanked], ...]}}``."""
    files: dict[str, dict[str, list[list[Any]]]] = read_packed("files.json.xz")
    return files


@cache
def index_metadata() -> dict[str, dict[str, Any]]:
    """``{"project==version": {...}}``; classifiers are null where nobody recorded them."""
    metadata: dict[str, dict[str, Any]] = read_packed("metadata.json.xz")
    return metadata


def read_packed(name: str) -> Any:
    with lzma.open(DATA / "index" / name, "rt") as file:
        return json.load(file)


@cache
def suites() -> dict[str, RecordedSuite]:
    """All integrations by name, in the order of the catalogue."""
    return {suite["name"]: _suite(suite) for suite in catalogue()["suites"]}


def _suite(suite: dict[str, Any]) -> RecordedSuite:
    project = canonicalize_name(suite["package"])
    return RecordedSuite(
        name=suite["name"],
        policy=policy_of(suite),
        releases=releases_of(project),
        metadata=metadata_of(project),
        rules=tuple(
            _rule(rule["rule"], tuple(rule["requirements"])) for rule in suite["deps"] or ()
        ),
    )


def policy_of(suite: dict[str, Any]) -> Policy:
    facts = catalogue()
    return Policy(
        as_of=AS_OF,
        pythons=tuple(sorted(map(Python.parse, facts["sdk_python_versions"]))),
        free_threading_from=Python.parse(facts["free_threading_from"]),
        minimum=Version(suite["min_version"]) if suite["min_version"] else None,
        include=SpecifierSet(suite["include"] or ""),
        number_of_versions=suite["num_versions"],
        restrictions=_restrictions(suite["python"]),
    )


def _restrictions(python: str | dict[str, str] | None) -> tuple[PythonRestrictionRule, ...]:
    rules = {"": python} if isinstance(python, str) else python or {}
    return tuple(
        PythonRestrictionRule(releases=SpecifierSet(releases), pythons=SpecifierSet(pythons))
        for releases, pythons in rules.items()
    )


@cache
def releases_of(project: str) -> tuple[Release, ...]:
    """What the index showed at ``AS_OF``: files that came later are not there yet."""
    return tuple(_release(version, files) for version, files in index_files()[project].items())


def _release(version: str, files: list[list[Any]]) -> Release:
    uploads = [datetime.fromisoformat(uploaded_at) for _, uploaded_at, _, _ in files]
    there = [file for file, at in zip(files, uploads, strict=True) if at <= AS_OF] or files
    return Release(
        version=Version(version),
        uploaded_at=min(uploads, default=None),
        is_yanked=bool(there) and all(is_yanked for *_, is_yanked in there),
        abi_tags=frozenset(tag for name, *_ in there for tag in _abi_tags(name)),
    )


def _abi_tags(filename: str) -> list[str]:
    """``x-1.0-cp314-cp314t-linux_x86_64.whl`` names its ABI last but one."""
    return filename.split("-")[-2].split(".") if filename.endswith(".whl") else []


@cache
def metadata_of(project: str) -> dict[Version, Metadata]:
    return {
        Version(version): Metadata(
            classifiers=tuple(facts["classifiers"]),
            requires_python=facts["requires_python"] or "",
        )
        for key, facts in index_metadata().items()
        for name, version in [key.split("==")]
        if name == project and facts["classifiers"] is not None
    }


def _rule(rule: str, requirements: tuple[str, ...]) -> RequirementRule:
    """Translate a key of ``deps``: ``*``, a list of factors, or a specifier on the project."""
    releases, pythons = "", ""
    if rule.startswith("py3"):
        listed = sorted(map(Python.parse, rule.split(",")))
        # Every list of the catalogue is without gaps, and has both builds of Python 3.14 or none.
        pythons = f">={listed[0].version},<={listed[-1].version}"
    elif rule != "*":
        releases = rule
    return RequirementRule(
        releases=SpecifierSet(releases),
        pythons=SpecifierSet(pythons),
        free_threading=FreeThreading.ANY,
        requirements=requirements,
    )
