"""
Which picks run on a free-threaded Python, decided from everything that they install.

A release with wheels for the free-threaded build itself is capable. One with pure-Python wheels is
capable when each of its own dependencies is: those that plain CPython of the same version resolves
to, without what tests need. What cannot be found out is told, and counts as "no".
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from packaging.version import Version

from integrations.catalogue.models import Integration
from integrations.index.models import Index
from matrix.environments.resolving import Result
from matrix.rules.facts import Pick, Python, Reason, Selection
from matrix.rules.notes import FREE_THREADING
from matrix.rules.pythons import own_abi
from matrix.sdk.dependencies import Pin, abi_tags, read_missing, split
from matrix.sdk.pinning import Setting, Subject
from matrix.sdk.resolving import Resolver

NOT_FREE_THREADED = "not free-threaded"


def decide(
    selections: Mapping[str, Selection],
    integrations: Collection[Integration],
    *,
    setting: Setting,
    resolver: Resolver,
    index: Index,
    as_of: datetime,
    at: datetime,
) -> dict[str, Selection]:
    """Return *selections* with free-threaded Pythons only where everything installed has wheels."""
    requests = {
        (integration.name, pick.version): setting.request(
            Subject(integration.name, integration.project, integration.group.name),
            (f"{integration.requirement_name}=={pick.version}",),
            pick.pythons[-1],
            allows_prereleases=pick.version.is_prerelease,
        )
        for integration in integrations
        if integration.name in selections
        for pick in _assumed(selections[integration.name])
    }
    answers = resolver(set(requests.values()))
    results = {candidate: answers[request] for candidate, request in requests.items()}
    pins = {split(pin) for result in results.values() for pin in result.pins}
    read_missing(index, {name for name, _ in pins}, at=at)
    tags = abi_tags(index, pins, as_of=as_of)
    refused: dict[str, dict[Version, str]] = {}
    for (name, version), result in results.items():
        python = replace(requests[name, version].python, free_threaded=True)
        if why := _why_not(python, result, tags):
            refused.setdefault(name, {})[version] = why
    return {
        name: _without(selection, refused.get(name, {})) for name, selection in selections.items()
    }


def _assumed(selection: Selection) -> list[Pick]:
    """The picks whose free threading is read from pure-Python wheels alone."""
    return [
        pick
        for pick in selection.picks
        if pick.pythons[-1].free_threaded and pick.version in selection.assumed
    ]


def _why_not(python: Python, result: Result, tags: Mapping[Pin, frozenset[str]]) -> str:
    if result.pin_set is None:
        return f"what it installs cannot be resolved ({result.problem.splitlines()[0]})"
    capable = {"none", own_abi(python)}
    lacking = [pin for pin in result.pins if not tags.get(split(pin), frozenset()) & capable]
    return f"no free-threaded wheel of {', '.join(lacking)}" if lacking else ""


def _without(selection: Selection, refused: Mapping[Version, str]) -> Selection:
    """Return *selection* without the free-threaded Python of the picks in *refused*."""
    picks = tuple(
        replace(pick, pythons=tuple(one for one in pick.pythons if not one.free_threaded))
        if pick.version in refused
        else pick
        for pick in selection.picks
    )
    notes = [note for note in selection.notes if note.kind != FREE_THREADING]
    notes += [
        Reason(NOT_FREE_THREADED, f"{version} is not tested free-threaded: {why}.")
        for version, why in sorted(refused.items())
    ]
    return replace(selection, picks=picks, notes=tuple(notes))
