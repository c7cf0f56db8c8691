"""From what a page was asked for to a choice that guidance can be generated for."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from packaging.version import Version

from integrations.index.address import clean_url, default_index_url
from integrations.index.models import Index
from matrix.rules.locks.parts import MAIN, TOOL, LockPart
from portal.guidance.asking import Asked
from portal.guidance.channel import files_of_lock, in_order, installer_of, published_locks
from portal.guidance.generating import CannotGenerate, Choice, Guidance, generate
from portal.guidance.generating.choice import SERVERS
from portal.guidance.models import Application, Tool
from portal.guidance.toolversions import TOOLS, ToolVersion, tool_versions

BY_PIP = {Tool.PIP.value, Tool.PIP_TOOLS.value}
INVALID = "Some of these options cannot be used: the form says which, and why."


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The guidance, or the sentence that says why there is none."""

    asked: Asked
    guidance: Guidance | None = None
    problem: str = ""
    versions: tuple[ToolVersion, ...] = ()  # Of the tools that the files pin.
    # Those of the guidance, and the published locks.
    files: Mapping[str, str] = field(default_factory=dict)
    has_locks: bool = False
    notes: tuple[str, ...] = ()  # What is true of these files beside what the guidance says.


def answer(asked: Asked, *, now: datetime) -> Answer:
    """Generate for what was asked; takes a fixed number of queries, and writes nothing."""
    if not asked.is_valid:
        return Answer(asked=asked, problem=INVALID)
    published = published_locks(asked.application) if asked.is_saved else {}
    locks = _usable(published, asked)
    versions = tool_versions(
        _index(asked.application),
        asked.python,
        as_of=now,
        cooldown_days=asked.application.cooldown_days,
        locked=_locked_tools(locks.get(TOOL)),
    )
    try:
        guidance = generate(_choice(asked, locks, versions))
    except CannotGenerate as error:
        problem = _all_held(versions, asked) or str(error)
        return Answer(asked=asked, problem=problem, has_locks=bool(published))
    return Answer(
        asked=asked,
        guidance=guidance,
        versions=tuple(versions[name] for name in guidance.choice.needed_tools),
        files=_files(locks, asked, guidance),
        has_locks=bool(published),
        notes=tuple(_notes(asked, published, locks)),
    )


def _choice(
    asked: Asked, locks: Mapping[str, LockPart], versions: Mapping[str, ToolVersion]
) -> Choice:
    application = asked.application
    main = locks.get(MAIN)
    return Choice(
        application=application.slug,
        python=asked.python,
        tool=asked.tool,
        platform=asked.platform,
        sets=_sets(asked),
        versions={name: one.version for name, one in versions.items()},
        pins={pin.name: pin.version for pin in main.pinned} if main else {},
        environment_path=application.environment_path,
        start_command=application.start_command,
        index_url=application.index_url,
        default_index_url=default_index_url(),
        is_django=application.is_django,
        test_command=application.test_command,
        # It holds one Python: the image of another one has another digest.
        base_image=application.base_image if asked.python == application.python else "",
        locks_tool=application.locks_tool,
        installs_pylock=application.installs_pylock and asked.tool == Tool.PIP.value,
        cooldown_days=application.cooldown_days,
        reviewed={
            name: tuple(pin.requirement for pin in part.pinned)
            for name, part in locks.items()
            if name != TOOL
        },
        hashes={str(pin): pin.hashes for part in locks.values() for pin in part.pinned},
    )


# --- What is published ---------------------------------------------------------------------------
def _usable(published: Mapping[str, LockPart], asked: Asked) -> dict[str, LockPart]:
    """Return the locks that hold for the Python; the tool's only where it is of this tool."""
    wanted = installer_of(asked.tool) if asked.application.locks_tool else None
    return {
        name: part
        for name, part in published.items()
        if _minor(part.python) <= _minor(asked.python) and (name != TOOL or part.declared == wanted)
    }


def _minor(python: str) -> tuple[int, ...]:
    return Version(python).release


def _locked_tools(part: LockPart | None) -> dict[str, str]:
    """Return the versions of tools that were reviewed; a lock may have one for each Python."""
    declared = [pin for pin in (part.pinned if part else ()) if pin.is_declared]
    found = sorted(declared, key=lambda pin: Version(pin.version))
    return {pin.name: pin.version for pin in found if pin.name in TOOLS}


def _files(locks: Mapping[str, LockPart], asked: Asked, guidance: Guidance) -> Mapping[str, str]:
    """Return all files by path; of the tool what was published, and not an exact version too."""
    tool = files_of_lock(locks[TOOL]) if TOOL in locks else {}
    return dict(sorted({**_lock_files(locks, asked), **guidance.files, **tool}.items()))


def _lock_files(locks: Mapping[str, LockPart], asked: Asked) -> dict[str, str]:
    """Return the published files that the files of the guidance name."""
    named = locks if asked.tool in BY_PIP else {TOOL}
    return {
        path: text
        for name, part in locks.items()
        if name in named
        for path, text in files_of_lock(part).items()
    }


def _notes(
    asked: Asked, published: Mapping[str, LockPart], locks: Mapping[str, LockPart]
) -> Iterator[str]:
    application = asked.application
    if published and MAIN in published and MAIN not in locks:
        yield (
            f"The published locks hold for Python {published[MAIN].python} and newer, so they are "
            f"left out here."
        )
    elif published and application.locks_tool and TOOL not in locks:
        program = installer_of(asked.tool)[0]
        yield f"No lock of {program} is published for this, so requirements/tool.txt is not here."
    stale = [name for name, part in locks.items() if name != TOOL and _is_stale(part, asked)]
    if stale:
        yield (
            f"What is declared in {', '.join(stale)} changed since it was locked: lock it, and "
            "publish what is proposed, before you install it."
        )
    if application.base_image and asked.platform == "docker" and asked.python != application.python:
        yield (
            f"The base image of {application.name} is one for Python {application.python}, so it "
            "is left out here."
        )


def _is_stale(part: LockPart, asked: Asked) -> bool:
    declared = {each.name: tuple(each.requirement_list) for each in asked.application.sets.all()}
    return part.declared != declared.get(part.name)


def _all_held(versions: Mapping[str, ToolVersion], asked: Asked) -> str:
    """Say which tool has no version because all that might be taken is held; "" for none."""
    lacking = [one.name for one in versions.values() if not one.version]
    if not lacking:
        return ""
    return (
        f"No release of {', '.join(lacking)} may be taken for Python {asked.python}: each is held "
        "everywhere. Look at the holds."
    )


# --- What is declared ----------------------------------------------------------------------------
def _sets(asked: Asked) -> Mapping[str, tuple[str, ...]]:
    application = asked.application
    if not asked.is_saved:
        return {MAIN: tuple(_example(application)), "dev": ("pytest>=8",)}
    sets = {each.name: tuple(each.requirement_list) for each in in_order(application.sets.all())}
    return {MAIN: (), **sets}


def _example(application: Application) -> Iterable[str]:
    """Yield what a site of this kind begins with."""
    if application.is_django:
        yield "django>=5.2,<6"
    program = application.start_command.split()[0]
    if program == "gunicorn":
        yield "gunicorn>=23"
    elif program in SERVERS:
        yield program


def _index(application: Application) -> Index | None:
    """Return the index whose pages say which tools there are; None: it was never asked."""
    url = application.index_url
    address = clean_url(url) if url else default_index_url()
    return Index.objects.filter(url=address).first()
