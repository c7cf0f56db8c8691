"""
Releases that are younger than the cooldown, kept out of the locks that a tool makes.

Each of these was run, against an index that tells when files were uploaded and against one that
does not (uv 0.13.8, pip-tools 7.6.2 with pip 26.3, Pipenv 2026.10.3, Poetry 2.5.1).
"""

from collections.abc import Iterator

from packaging.version import Version

from portal.guidance.generating.choice import Choice

# What reads the age, and the first release that does (their documentation).
READERS = {
    "pip": {"uv": "0.9.17"},
    "pip-tools": {"pip-tools": "7.5.3", "pip": "26.0"},
    "pipenv": {"pipenv": "2026.7.1"},
    "poetry": {"poetry": "2.4"},
    "uv": {"uv": "0.9.17"},
}
# These take the newest release where the index tells no upload times; the others end.
SILENT = {"pipenv", "poetry"}
OPTIONS = {"pip": "--exclude-newer", "pip-tools": "--uploaded-prior-to"}


def waits(choice: Choice) -> bool:
    """Whether what is generated makes the tool refuse young releases."""
    return choice.cooldown_days > 0 and not _too_old(choice)


def days(choice: Choice) -> str:
    """``7 days``."""
    return "1 day" if choice.cooldown_days == 1 else f"{choice.cooldown_days} days"


def option(choice: Choice) -> str:
    """Return what stands in a command, behind a blank: `` --exclude-newer P7D``."""
    return f" {OPTIONS[choice.tool]} P{choice.cooldown_days}D" if waits(choice) else ""


def notes_of_cooldown(choice: Choice) -> Iterator[str]:
    if not choice.cooldown_days:
        return
    for name, first in _too_old(choice).items():
        yield (
            f"{name} {choice.versions[name]} cannot refuse releases younger than {days(choice)}: "
            f"take {first} or a newer one. The locks of the portal do wait."
        )
    if waits(choice):
        ends = "takes the newest release there" if choice.tool in SILENT else "ends there"
        yield (
            f"A lock refuses releases younger than {days(choice)}. The index has to tell when "
            f"files were uploaded: {_reader(choice)} {ends} where it does not."
        )


def _reader(choice: Choice) -> str:
    return next(iter(READERS[choice.tool]))


def _too_old(choice: Choice) -> dict[str, str]:
    return {
        name: first
        for name, first in READERS[choice.tool].items()
        if Version(choice.versions[name]) < Version(first)
    }
