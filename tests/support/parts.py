"""Makers of parts with honest defaults, and strategies for parts that a catalogue could hold."""

from collections.abc import Iterable, Sequence

from hypothesis import strategies as st
from packaging.version import Version

from matrix.rules.facts import Python
from matrix.rules.parts import IntegrationPart, LayoutPart, RequirementUse, Row


def pythons(text: str) -> tuple[Python, ...]:
    """``pythons("3.9 3.14t")``."""
    return tuple(map(Python.parse, text.split()))


def a_row(version: str, on: str = "3.9 3.12", *, is_advisory: bool = False) -> Row:
    return Row(version=Version(version), pythons=pythons(on), is_advisory=is_advisory)


def a_use(requirement: str, **where: str) -> RequirementUse:
    """``a_use("pytest-httpx", v0_16_1="3.6 3.7")``; underscores stand for dots."""
    found = {Version(name[1:].replace("_", ".")): pythons(on) for name, on in where.items()}
    return RequirementUse(requirement=requirement, where=tuple(sorted(found.items())))


def everywhere(requirement: str, rows: Iterable[Row]) -> RequirementUse:
    where = tuple((row.version, row.pythons) for row in rows)
    return RequirementUse(requirement=requirement, where=where)


def a_part(
    name: str = "httpx",
    *,
    rows: Sequence[Row] = (),
    project: str = "",
    extras: tuple[str, ...] = (),
    group: str = "Network",
    test_path: str = "",
    requirements: Sequence[RequirementUse] = (),
) -> IntegrationPart:
    return IntegrationPart(
        name=name,
        project=project or name,
        extras=extras,
        group=group,
        test_path=test_path or f"tests/integrations/{name}",
        rows=tuple(rows) or (a_row("1.0"),),
        requirements=tuple(requirements),
    )


def a_layout(
    *groups: str, frame: str = "", sdk: str = "example-sdk", pins_style: str = "none"
) -> LayoutPart:
    return LayoutPart(sdk=sdk, groups=groups, frame=frame, pins_style=pins_style)


PYTHONS = st.sampled_from(pythons("3.6 3.7 3.9 3.10 3.14 3.14t"))
VERSIONS = st.builds(
    lambda epoch, numbers, suffix: Version(f"{epoch}{'.'.join(map(str, numbers))}{suffix}"),
    st.sampled_from(["", "", "", "1!"]),
    st.lists(st.integers(0, 3), min_size=1, max_size=4),
    st.sampled_from(["", "", "", "a1", "b0", "rc2", ".post1", "+corp1", "+1e5.x"]),
)
# Names that share factors, some of them with all factors of another.
NAMES = st.sampled_from(
    ["httpx", "openai", "openai-base", "openai-notiktoken", "base-x", "a-b-c", "a"]
)
REQUIREMENTS = st.sampled_from(
    [
        "pytest-httpx==0.35.0",
        "pytest-asyncio",
        'tokenizers<0.20.4; python_version < "3.9"',
        "anyio[trio]>=3,<5",
        "colors @ https://example.org/a{b}.zip#sha256=00",
    ]
)


@st.composite
def rows_of(draw: st.DrawFn) -> tuple[Row, ...]:
    versions = draw(st.lists(VERSIONS, min_size=1, max_size=5, unique=True))
    return tuple(
        Row(
            version=version,
            pythons=tuple(sorted(draw(st.sets(PYTHONS, min_size=1, max_size=4)))),
            is_advisory=draw(st.booleans()),
        )
        for version in sorted(versions)
    )


@st.composite
def uses_of(draw: st.DrawFn, rows: Sequence[Row]) -> tuple[RequirementUse, ...]:
    """Uses as rules make them: for some releases, or some Pythons, or any mixture."""
    uses = []
    for requirement in draw(st.lists(REQUIREMENTS, max_size=3, unique=True)):
        versions = draw(st.sets(st.sampled_from([row.version for row in rows])))
        chosen = draw(st.sets(PYTHONS))
        kind = draw(st.sampled_from(["releases", "pythons", "both", "all"]))
        where = tuple(
            (row.version, found)
            for row in rows
            if kind in {"pythons", "all"} or row.version in versions
            if (
                found := tuple(
                    python
                    for python in row.pythons
                    if kind in {"releases", "all"} or python in chosen
                )
            )
        )
        if where:
            uses.append(RequirementUse(requirement=requirement, where=where))
    return tuple(uses)


@st.composite
def parts(draw: st.DrawFn, name: str = "") -> IntegrationPart:
    rows = draw(rows_of())
    return a_part(
        name or draw(NAMES),
        rows=rows,
        project=draw(st.sampled_from(["httpx", "strawberry-graphql"])),
        extras=draw(st.sampled_from([(), ("fastapi", "flask")])),
        group=draw(st.sampled_from(["Network", "AI", "Web 1"])),
        test_path=draw(st.sampled_from(["tests/a", "tests/integrations/b_c"])),
        requirements=draw(uses_of(rows)),
    )


# No two with the same factors: the catalogue refuses them, and so does rendering.
PARTS = st.lists(parts(), max_size=5, unique_by=lambda part: part.name)
LAYOUTS = st.builds(
    lambda groups: a_layout(*groups),
    st.lists(st.sampled_from(["Network", "AI", "Empty"]), unique=True),
)
