"""From what a page was asked for to a choice that guidance can be generated for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from integrations.index.address import clean_url, default_index_url
from integrations.index.models import Index
from matrix.review.state import published
from matrix.rules.locks.parts import MAIN
from portal.guidance.channel import channel_of, files_of, in_order, locks_in
from portal.guidance.generating import CannotGenerate, Choice, Guidance, generate
from portal.guidance.generating.choice import PLATFORMS, TOOLS, UPSUN_PYTHONS
from portal.guidance.models import Application, Platform, Tool
from portal.guidance.toolversions import ToolVersion, tool_versions

PYTHONS = UPSUN_PYTHONS
# What guidance without an application shows: sets that a Django site begins with.
EXAMPLE = {MAIN: ("django>=5.2,<6", "gunicorn>=23"), "dev": ("pytest>=8",)}


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What somebody chose on a page; every value is one that the form offers."""

    tool: str
    platform: str
    python: str
    application: Application | None = None

    @classmethod
    def read(cls, values: Mapping[str, str], application: Application | None = None) -> "Asked":
        """Take what the form offers out of *values*; anything else is the default."""
        own = application or Application()
        return cls(
            tool=_one_of(values.get("tool", ""), TOOLS, own.tool),
            platform=_one_of(values.get("platform", ""), PLATFORMS, own.platform),
            python=_one_of(values.get("python", ""), (*PYTHONS, own.python), own.python),
            application=application,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """The guidance, or the sentence that says why there is none."""

    asked: Asked
    guidance: Guidance | None
    problem: str
    versions: tuple[ToolVersion, ...]  # Of the tools that the files pin.
    files: Mapping[str, str]  # Those of the guidance, and the published locks.
    has_locks: bool


def answer(asked: Asked, *, now: datetime) -> Answer:
    """Generate for what was asked; takes a fixed number of queries."""
    application = asked.application
    found = tool_versions(
        _index(application),
        asked.python,
        as_of=now,
        cooldown_days=application.cooldown_days if application else 0,
    )
    bodies = published(channel_of(application)) if application else {}
    locks = locks_in(bodies)
    main = locks.get(MAIN)
    try:
        guidance = generate(
            Choice(
                application=application.slug if application else "portal",
                python=asked.python,
                tool=asked.tool,
                platform=asked.platform,
                sets=_sets(application),
                versions={name: one.version for name, one in found.items()},
                pins={pin.name: pin.version for pin in main.pinned} if main else {},
                environment_path=application.environment_path if application else ".venv",
                start_command=(application or Application()).start_command,
                index_url=application.index_url if application else "",
            )
        )
    except CannotGenerate as error:
        return Answer(
            asked=asked,
            guidance=None,
            problem=str(error),
            versions=(),
            files={},
            has_locks=bool(locks),
        )
    by_pip = asked.tool in {Tool.PIP.value, Tool.PIP_TOOLS.value}
    files = {**(files_of(bodies) if by_pip else {}), **guidance.files}
    return Answer(
        asked=asked,
        guidance=guidance,
        problem="",
        versions=tuple(found[name] for name in guidance.choice.needed_tools),
        files=dict(sorted(files.items())),
        has_locks=bool(locks),
    )


def _sets(application: Application | None) -> Mapping[str, tuple[str, ...]]:
    if application is None:
        return EXAMPLE
    sets = {each.name: tuple(each.requirement_list) for each in in_order(application.sets.all())}
    return {MAIN: (), **sets}


def _index(application: Application | None) -> Index | None:
    """Return the index whose pages say which tools there are; None: it was never asked."""
    url = application.index_url if application and application.index_url else ""
    address = clean_url(url) if url else default_index_url()
    return Index.objects.filter(url=address).first()


def _one_of(value: str, known: tuple[str, ...], default: str) -> str:
    return value if value in known else default


def choices() -> dict[str, list[tuple[str, str]]]:
    """Return what the form offers: values and words."""
    return {
        "tools": [(str(value), str(label)) for value, label in Tool.choices],
        "platforms": [(str(value), str(label)) for value, label in Platform.choices],
        "pythons": [(python, python) for python in reversed(PYTHONS)],
    }
