"""The frames of workflow files: hand-written YAML around generated regions."""

import re
from collections.abc import Mapping, Sequence

from matrix.rules.rendering.frame import EditedRegion, edited_regions, replaced, strip_frame
from matrix.rules.rendering.ini import Mistake
from matrix.rules.rendering.markers import (
    BOM,
    FrameError,
    Region,
    regions_of,
    scan,
    sentences,
    split_lines,
)
from matrix.rules.rendering.workflows_jobs import MAIN

GROUP_REGIONS = ("name", "job", "setup", "tests")
MAIN_REGIONS = ("jobs", "gate")
OPTIONAL = frozenset(["name"])
KEY = re.compile(r"""(?P<indent> *)(?P<quote>["']?)(?P<key>[\w.-]+)(?P=quote):\s*(#.*)?""")
# Below which key a region stands; "*" is the key of a job, "" the file itself.
HOMES: Mapping[str, tuple[str, ...]] = {
    "name": (),
    "job": ("jobs", "*"),
    "setup": ("jobs", "*", "steps"),
    "tests": ("jobs", "*", "steps"),
    "jobs": ("jobs",),
    "gate": ("jobs",),
}
LISTS = frozenset(["setup", "tests"])  # YAML lets the dashes of a list stand right below its key.

GROUP_FRAME = """\
# The Matrix Portal writes the lines between the markers below. All other lines are yours: edit them
# in your repository, then give the file to "render --into", and the portal keeps them as they are.
# BEGIN GENERATED: name
# END GENERATED: name

on:
  workflow_call:

permissions:
  contents: read

jobs:
  tests:
    # BEGIN GENERATED: job
    # END GENERATED: job
    steps:
      # BEGIN GENERATED: setup
      # END GENERATED: setup
      # Steps of yours before the tests stand here.
      # BEGIN GENERATED: tests
      # END GENERATED: tests
      # Steps of yours after the tests stand here: an upload of coverage, for example.
"""
MAIN_FRAME = """\
# The Matrix Portal writes the lines between the markers below. All other lines are yours: edit them
# in your repository, then give the file to "render --into", and the portal keeps them as they are.
name: Test integrations

on:
  push:
    branches: [main, master]
  pull_request:
  workflow_dispatch:

permissions:
  contents: read

concurrency:
  group: ${{ github.workflow }}-${{ github.ref }}
  cancel-in-progress: ${{ github.event_name == 'pull_request' }}

jobs:
  # BEGIN GENERATED: jobs
  # END GENERATED: jobs
  # BEGIN GENERATED: gate
  # END GENERATED: gate
"""


def regions_at(path: str) -> tuple[str, ...]:
    """Return the names of the regions of the workflow file at *path*."""
    return MAIN_REGIONS if path == MAIN else GROUP_REGIONS


def strip_workflow_frame(text: str, path: str) -> str:
    """Return the frame of a received file; raises FrameError when the markers do not pair up."""
    return strip_frame(text, regions_at(path))


def edited_workflow_regions(text: str, path: str) -> list[EditedRegion]:
    return edited_regions(text, regions_at(path))


def fill_workflow(text: str, path: str, content: Mapping[str, Sequence[str]]) -> str:
    """Return *text* with its regions generated anew; raises FrameError."""
    known = regions_at(path)
    lines = split_lines(text)
    named = {region.name for region in regions_of(lines, known)}
    if missing := _missing(named, known):
        raise FrameError(missing)
    return replaced(lines, content, known)


def check_workflow_frame(text: str, path: str) -> list[str]:
    """Return every mistake of a workflow file, as sentences with line numbers."""
    known = regions_at(path)
    lines = split_lines(text.removeprefix(BOM))
    found = scan(lines, known)
    mistakes = [*found.mistakes, *_tabs(lines)]
    mistakes += [
        mistake
        for region in found.regions
        if region.name in known
        for mistake in _misplaced(region, lines, found.regions)
    ]
    return [*sentences(mistakes), *_missing(found.named, known)]


def _missing(named: frozenset[str] | set[str], known: Sequence[str]) -> list[str]:
    return [
        f'The region "{name}" is missing. Put "# BEGIN GENERATED: {name}" and '
        f'"# END GENERATED: {name}" below "{_shown(HOMES[name])}".'
        for name in known
        if name not in named and name not in OPTIONAL
    ]


def _tabs(lines: Sequence[str]) -> list[Mistake]:
    text = "the line is indented by a tab, which YAML refuses. Use blanks."
    return [Mistake(n, text) for n, line in enumerate(lines, 1) if re.match(r" *\t+ *\S", line)]


def _misplaced(
    region: Region, lines: Sequence[str], regions: Sequence[Region]
) -> Sequence[Mistake]:
    """Return what is wrong with where a region stands, as its indentation and keys above say."""
    right = HOMES[region.name]
    home = _home(region, lines, regions)
    if len(home) == len(right) and all(b in {"*", a} for a, b in zip(home, right, strict=True)):
        return []
    return [
        Mistake(
            region.begin.line,
            f'the region "{region.name}" stands below "{_shown(home)}". '
            f'Put it below "{_shown(right)}", and indent it so.',
        )
    ]


def _home(region: Region, lines: Sequence[str], regions: Sequence[Region]) -> tuple[str, ...]:
    """Return the keys that a region stands below, outermost first: ("jobs", "tests", "steps")."""
    generated = {n for each in regions for n in range(each.begin.line, each.end.line + 1)}
    indent = len(region.begin.indent) + (region.name in LISTS)
    keys: list[str] = []
    for number in range(region.begin.line - 1, 0, -1):
        text = lines[number - 1].rstrip("\r\n").removeprefix(BOM)
        stripped = text.lstrip(" ")
        is_silent = not stripped or stripped.startswith("#") or number in generated
        found = len(text) - len(stripped)
        # The steps between two regions of a list are no keys above it.
        if is_silent or found >= indent or (stripped.startswith("- ") and region.name in LISTS):
            continue
        key = KEY.fullmatch(text)
        keys.insert(0, key["key"] if key else "?")
        indent = found
    return tuple(keys)


def _shown(home: Sequence[str]) -> str:
    """``jobs > * > steps``, or the top of the file."""
    return " > ".join("(a job)" if key == "*" else key for key in home) or "no key"
