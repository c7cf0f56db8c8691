"""What each style makes of the same pins, as whole outputs."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matrix.rules.parts import IntegrationPart
from matrix.rules.rendering import UnknownPins, render_files, render_into
from matrix.rules.rendering.pins import project_of
from matrix.rules.rendering.tox import region_lines
from tests.support.parts import a_layout, a_part, a_row, everywhere
from tests.support.pins import PinBook
from tests.support.toxfile import setting_of

BOOK = PinBook()
ROWS = (
    a_row("0.16.1", "3.6"),
    BOOK.row(
        "0.28.1",
        {
            "3.9": "h11==0.14.0 anyio==4.9.0 httpx==0.28.1",
            "3.14": None,
            "3.14t": "anyio==4.14.2",
        },
    ),
    BOOK.row("1.0b2", {"3.14": "httpcore==1.0.9 Anyio==4.14.2"}),
)
HTTPX = a_part(rows=ROWS, requirements=[everywhere("anyio<5", ROWS)])
OTHER = a_part("falcon", group="Web", rows=[BOOK.row("4.0", {"3.9": ""})])
PROJECTS = [
    "# ~~~ Network ~~~",
    "httpx-v0.16.1: httpx==0.16.1",
    "httpx-v0.28.1: httpx==0.28.1",
    "httpx-v1.0b2: httpx==1.0b2",
    "httpx-latest: httpx==0.28.1",
    "httpx: anyio<5",
]
FALCON = ["", "# ~~~ Web ~~~", "falcon-v4.0: falcon==4.0", "falcon-latest: falcon==4.0"]
DEPS = {
    "none": [*PROJECTS, *FALCON],
    "constraints": [
        *PROJECTS,
        "py3.9-httpx-v0.28.1: -c constraints/httpx-v0.28.1-py3.9.txt",
        "py3.14t-httpx-v0.28.1: -c constraints/httpx-v0.28.1-py3.14t.txt",
        "py3.14-httpx-v1.0b2: -c constraints/httpx-v1.0b2-py3.14.txt",
        "py3.9-httpx-latest: -c constraints/httpx-v0.28.1-py3.9.txt",
        "py3.14t-httpx-latest: -c constraints/httpx-v0.28.1-py3.14t.txt",
        *FALCON,
        "py3.9-falcon-v4.0: -c constraints/falcon-v4.0-py3.9.txt",
        "py3.9-falcon-latest: -c constraints/falcon-v4.0-py3.9.txt",
    ],
    "inline": [
        *PROJECTS,
        "py3.9-httpx-v0.28.1: anyio==4.9.0",
        "py3.9-httpx-v0.28.1: h11==0.14.0",
        "py3.14t-httpx-v0.28.1: anyio==4.14.2",
        "py3.14-httpx-v1.0b2: Anyio==4.14.2",
        "py3.14-httpx-v1.0b2: httpcore==1.0.9",
        "py3.9-httpx-latest: anyio==4.9.0",
        "py3.9-httpx-latest: h11==0.14.0",
        "py3.14t-httpx-latest: anyio==4.14.2",
        *FALCON,
    ],
}
CONSTRAINT_FILES = {
    "constraints/falcon-v4.0-py3.9.txt": (
        "# Written by the Matrix Portal for py3.9-falcon-v4.0.\n"
    ),
    "constraints/httpx-v0.28.1-py3.14t.txt": (
        "# Written by the Matrix Portal for py3.14t-httpx-v0.28.1.\nanyio==4.14.2\n"
    ),
    "constraints/httpx-v0.28.1-py3.9.txt": (
        "# Written by the Matrix Portal for py3.9-httpx-v0.28.1.\nanyio==4.9.0\nh11==0.14.0\n"
    ),
    "constraints/httpx-v1.0b2-py3.14.txt": (
        "# Written by the Matrix Portal for py3.14-httpx-v1.0b2.\nAnyio==4.14.2\nhttpcore==1.0.9\n"
    ),
}
STYLES = pytest.mark.parametrize("style", sorted(DEPS))


def files(style: str, *parts: IntegrationPart) -> dict[str, str]:
    return render_files(a_layout("Network", pins_style=style), parts, BOOK.sets)


@STYLES
def test_pins_are_written_in_the_style_of_the_sdk(style: str) -> None:
    layout = a_layout("Network", pins_style=style)

    assert region_lines(layout, [OTHER, HTTPX], BOOK.sets)["deps"] == DEPS[style]


@STYLES
def test_constraint_files_stand_beside_the_tox_ini_in_that_style_alone(style: str) -> None:
    found = files(style, HTTPX, OTHER)

    found.pop("tox.ini")
    assert found == (CONSTRAINT_FILES if style == "constraints" else {})


def test_without_a_style_pins_change_no_byte_and_need_not_be_known() -> None:
    bare = a_part(rows=[replace(row, pins=()) for row in ROWS])

    assert render_files(a_layout(), [a_part(rows=ROWS)]) == render_files(a_layout(), [bare])


@pytest.mark.parametrize("style", ["constraints", "inline"])
def test_parts_without_pins_are_written_as_if_there_were_no_styles(style: str) -> None:
    part = a_part(rows=[a_row("0.16.1", "3.6")])

    assert files(style, part) == files("none", part)


@pytest.mark.parametrize("style", ["constraints", "inline"])
def test_pins_that_are_not_known_are_an_error_not_an_empty_environment(style: str) -> None:
    with pytest.raises(UnknownPins, match=r"^The pins [0-9a-f]{64} of httpx are not stored\.$"):
        render_files(a_layout(pins_style=style), [HTTPX])


def test_versions_with_an_epoch_or_a_local_part_make_plain_file_names() -> None:
    rows = [BOOK.row("1.0+corp.1", {"3.9": "a==1"}), BOOK.row("1!2.0", {"3.14t": "a==1"})]

    found = files("constraints", a_part("langchain-base", rows=rows))

    assert sorted(found) == [
        "constraints/langchain-base-v1.0_corp.1-py3.9.txt",
        "constraints/langchain-base-v1e2.0-py3.14t.txt",
        "tox.ini",
    ]


def test_pins_of_a_name_leave_out_environments_of_names_that_hold_its_factors() -> None:
    row = BOOK.row("1.0", {"3.9": "a==1"})

    lines = region_lines(
        a_layout(pins_style="inline"),
        [a_part("openai", rows=[row]), a_part("openai-base", rows=[row])],
        BOOK.sets,
    )["deps"]

    assert [line for line in lines if line.endswith("a==1")] == [
        "py3.9-openai-!base-v1.0: a==1",
        "py3.9-openai-!base-latest: a==1",
        "py3.9-openai-base-v1.0: a==1",
        "py3.9-openai-base-latest: a==1",
    ]


def test_a_pin_that_tox_would_read_as_its_own_is_escaped() -> None:
    row = BOOK.row("1.0", {"3.9": "colors@https://example.org/{a}.zip#sha256=00"})

    lines = region_lines(a_layout(pins_style="inline"), [a_part("x", rows=[row])], BOOK.sets)

    assert lines["deps"][-1] == (r"py3.9-x-latest: colors@https://example.org/\{a\}.zip\#sha256=00")


@pytest.mark.parametrize(
    ("pin", "name"),
    [
        ("anyio==4.9.0", "anyio"),
        ("Zope.Interface==7.0", "zope-interface"),
        ("celery[redis]==5.6.0", "celery"),
        ("colors @ https://example.org/a==b.zip", "colors"),
    ],
)
def test_a_pin_is_about_a_project(pin: str, name: str) -> None:
    assert project_of(pin) == name


@st.composite
def pinned_parts(draw: st.DrawFn) -> list[IntegrationPart]:
    pins = st.sampled_from(["", "anyio==4.9.0", "b==2 a==1", None])
    pythons = st.lists(st.sampled_from(["3.9", "3.12", "3.14t"]), min_size=1, unique=True)
    names = draw(st.lists(st.sampled_from(["a", "openai", "openai-base"]), unique=True))
    return [
        a_part(
            name,
            rows=[
                BOOK.row(version, {python: draw(pins) for python in sorted(draw(pythons))})
                for version in ("1.0", "2.0", "3.0b1")
            ],
        )
        for name in names
    ]


few = settings(max_examples=40, deadline=None)  # Whole files are drawn.


@few
@given(pinned_parts(), st.randoms(), st.sampled_from(sorted(DEPS)))
def test_files_depend_on_nothing_but_parts_and_pins(
    parts: list[IntegrationPart], random: Random, style: str
) -> None:
    shuffled = random.sample(parts, len(parts))

    found = files(style, *parts)

    assert files(style, *shuffled) == found
    layout = a_layout("Network", pins_style=style)
    assert render_into(found["tox.ini"], layout, parts, BOOK.sets) == found["tox.ini"]


@few
@given(pinned_parts())
def test_inline_pins_and_constraint_files_say_the_same_of_each_environment(
    parts: list[IntegrationPart],
) -> None:
    inline, constrained = files("inline", *parts), files("constraints", *parts)
    bare = files("none", *parts)["tox.ini"]

    for part in parts:
        named = [(row, f"v{row.version}") for row in part.rows]
        for row, version in [*named, (part.rows[1], "latest")]:
            for python in row.pythons:
                name = f"{python.factor}-{part.name}-{version}"
                written = setting_of(bare, "deps", name)
                pins = setting_of(inline["tox.ini"], "deps", name)[len(written) :]
                constraint = setting_of(constrained["tox.ini"], "deps", name)[len(written) :]
                lines = [
                    line
                    for use in constraint
                    for line in constrained[use.removeprefix("-c ")].splitlines()[1:]
                ]
                assert lines == pins
                assert len(constraint) == (dict(row.pins)[python] is not None)
