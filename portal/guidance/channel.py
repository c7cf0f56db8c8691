"""What review is told about an application's channel: its files, changes and summaries."""

from collections.abc import Iterable, Mapping, Sequence

from matrix.review.models import Channel
from matrix.review.state import published
from matrix.review.values import Change
from matrix.rules.locks.diffing import LockDiff, diff_locks, lock_summary
from matrix.rules.locks.parts import MAIN, SETTINGS, ApplicationPart, LockPart, Part, read
from matrix.rules.locks.rendering import FOLDER, declaration, lock_files
from portal.guidance.models import Application, DependencySet, Platform, Tool

KIND = "application"
# What a build needs before it can install a set: locked by itself, since no set may bind it.
INSTALLERS = {"pip": "pip", "pip-tools": "pip", "pipenv": "pipenv", "poetry": "poetry", "uv": "uv"}

NAMED = {
    "python": "Python",
    "tool": "The tool",
    "platform": "The platform",
    "start_command": "The start command",
    "test_command": "The test command",
    "environment_path": "The path of the environment",
    "base_image": "The base image",
}
LABELS: Mapping[str, str] = {**dict(Tool.choices), **dict(Platform.choices)}
SWITCHES = {
    "is_django": (
        "It is a Django site: static files are collected, the database is migrated.",
        "It is no Django site: no static files are collected, no database is migrated.",
    ),
    "locks_tool": ("The tool is locked with hashes too.", "The tool is no longer locked."),
    "installs_pylock": (
        "pip installs from pylock.toml, not from requirements/main.txt.",
        "pip installs from requirements/main.txt, not from pylock.toml.",
    ),
}


def channel_of(application: Application) -> Channel:
    """Return the channel of *application*, made if need be: for what writes."""
    channel, _ = Channel.objects.get_or_create(kind=KIND, slug=application.slug)
    return channel


def find_channel(application: Application) -> Channel | None:
    """Return the channel of *application*; None before its first run: for what only reads."""
    return Channel.objects.filter(kind=KIND, slug=application.slug).first()


def published_locks(application: Application) -> dict[str, LockPart]:
    """Return what is published of *application*, by set, the main one first."""
    channel = find_channel(application)
    return locks_in(published(channel)) if channel else {}


def application_of(channel: Channel) -> Application | None:
    """Return the application of a channel, unless it was removed."""
    return Application.objects.filter(slug=channel.slug).first() if channel.kind == KIND else None


def in_order(sets: Iterable[DependencySet]) -> list[DependencySet]:
    """Return the sets as they are locked: the main one first, the others by name."""
    return sorted(sets, key=lambda each: (each.name != MAIN, each.name))


def settings_part(application: Application, names: Iterable[str]) -> ApplicationPart:
    return ApplicationPart(
        application=application.slug,
        python=application.python,
        tool=application.tool,
        platform=application.platform,
        start_command=application.start_command,
        environment_path=application.environment_path,
        sets=tuple(names),
        is_django=application.is_django,
        test_command=application.test_command,
        base_image=application.base_image,
        locks_tool=application.locks_tool,
        installs_pylock=application.installs_pylock,
    )


def installer_of(tool: str) -> tuple[str, ...]:
    """Return what the tool's own lock declares: the program that installs the sets."""
    return (INSTALLERS[tool],)


def locks_in(bodies: Mapping[str, str]) -> dict[str, LockPart]:
    """Return the locked sets of a state by their names, the main one first."""
    parts = [read(body) for body in bodies.values()]
    locks = [part for part in parts if isinstance(part, LockPart)]
    return {part.name: part for part in sorted(locks, key=lambda one: (one.name != MAIN, one.name))}


def files_of(bodies: Mapping[str, str]) -> dict[str, str]:
    """Return every generated file by its path: a pure function of the snapshots."""
    files: dict[str, str] = {}
    for part in locks_in(bodies).values():
        files |= files_of_lock(part)
    return files


def files_of_lock(part: LockPart) -> dict[str, str]:
    """Return the files of one locked set, its declaration first."""
    return {f"{FOLDER}/{part.name}.in": declaration(part), **lock_files(part)}


def differences(changes: Sequence[Change]) -> list[LockDiff]:
    """Return what each of *changes* does to its part."""
    return [_difference(change.part, change.old_body, change.new_body) for change in changes]


def _difference(name: str, old_body: str | None, new_body: str | None) -> LockDiff:
    old, new = _read(old_body), _read(new_body)
    if isinstance(new, ApplicationPart):
        before = old if isinstance(old, ApplicationPart) else None
        return LockDiff(part=name, settings=tuple(_settings(before, new)))
    return diff_locks(
        name,
        old if isinstance(old, LockPart) else None,
        new if isinstance(new, LockPart) else None,
    )


def _settings(old: ApplicationPart | None, new: ApplicationPart) -> Iterable[str]:
    """Say in sentences which settings change."""
    if old is None:
        tool, platform = (LABELS.get(one, one) for one in (new.tool, new.platform))
        yield f"Python {new.python}, installed by {tool} on {platform}."
        return
    for name, word in NAMED.items():
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            before, after = (LABELS.get(one, one) or "the usual one" for one in (before, after))
            yield f"{word}: {after}, not {before}."
    for name, (now_is, no_longer_is) in SWITCHES.items():
        if getattr(old, name) != getattr(new, name):
            yield now_is if getattr(new, name) else no_longer_is
    if old.sets != new.sets:
        yield f"The sets: {', '.join(new.sets)}, not {', '.join(old.sets)}."


def _read(body: str | None) -> Part | None:
    return None if body is None else read(body)


def summarise(changes: Sequence[Change]) -> str:
    """Return the summary line of *changes*."""
    diffs = differences(changes)
    settings = sum(len(diff.settings) for diff in diffs if diff.part == SETTINGS)
    line = lock_summary(diff for diff in diffs if diff.part != SETTINGS)
    if not settings:
        return line
    return f"{line} {settings} {'setting' if settings == 1 else 'settings'} to change."
