"""What holds for any parts and any frame."""

import hashlib
import re
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import Version

from matrix.rules.facts import Python
from matrix.rules.parts import IntegrationPart, LayoutPart, Row
from matrix.rules.rendering import (
    DEFAULT_FRAME,
    check_frame,
    edited_regions,
    render_files,
    render_into,
    strip_frame,
)
from matrix.rules.rendering.factors import environment, version_factor
from matrix.rules.requirements import environment_requirements
from tests.support.parts import LAYOUTS, PARTS, VERSIONS, a_layout
from tests.support.toxfile import environments, setting_of

REGION = re.compile(
    r"(?P<head># BEGIN GENERATED: (?P<name>\w+)\n)(?P<inside>(?:.*\n)*?)"
    r"[ \t]*# END GENERATED: (?P=name)(?: sha256:(?P<digest>\w+))?"
)


# Whole files are drawn, so fewer of them do; a busy machine may take its time.
few = settings(max_examples=40, deadline=None)


def expected_environments(
    parts: list[IntegrationPart],
) -> dict[str, tuple[IntegrationPart, Row, Python]]:
    found = {}
    for part in parts:
        named = [(row, row.version) for row in part.rows]
        alias = [(part.latest, None)] if part.latest else []
        for row, version in [*named, *alias]:
            for python in row.pythons:
                found[environment(python, part.name, version)] = (part, row, python)
    return found


@few
@given(PARTS, LAYOUTS, st.randoms())
def test_the_order_of_parts_plays_no_role(
    parts: list[IntegrationPart], layout: LayoutPart, random: Random
) -> None:
    shuffled = random.sample(parts, len(parts))

    assert render_files(layout, shuffled) == render_files(layout, parts)


@few
@given(PARTS, LAYOUTS)
def test_each_environment_is_listed_once(parts: list[IntegrationPart], layout: LayoutPart) -> None:
    text = render_files(layout, parts)["tox.ini"]

    assert sorted(environments(text)) == sorted(expected_environments(parts))


@few
@given(PARTS, LAYOUTS)
def test_each_environment_installs_exactly_what_it_requires_in_order(
    parts: list[IntegrationPart], layout: LayoutPart
) -> None:
    text = render_files(layout, parts)["tox.ini"]

    for name, (part, row, python) in expected_environments(parts).items():
        expected = ["pytest", *environment_requirements(part, row.version, python)]
        assert setting_of(text, "deps", name) == expected


@few
@given(PARTS, LAYOUTS)
def test_each_environment_knows_its_tests_and_whether_prereleases_are_allowed(
    parts: list[IntegrationPart], layout: LayoutPart
) -> None:
    text = render_files(layout, parts)["tox.ini"]

    for name, (part, row, _) in expected_environments(parts).items():
        allowed = ["UV_PRERELEASE=allow"] if row.version.is_prerelease else []
        expected = [*allowed, f"_TESTPATH={part.test_path}"]
        assert setting_of(text, "set_env", name) == expected


@few
@given(PARTS, LAYOUTS, st.sampled_from(["\n", "\r\n", "\r"]), st.sampled_from(["", "\ufeff"]))
def test_rendering_into_its_own_output_is_the_identity(
    parts: list[IntegrationPart], layout: LayoutPart, line_end: str, mark: str
) -> None:
    text = mark + render_files(layout, parts)["tox.ini"].replace("\n", line_end)

    assert render_into(text, layout, parts) == text
    assert edited_regions(text) == []
    assert check_frame(text) == []


@few
@given(PARTS, PARTS, LAYOUTS)
def test_another_state_rendered_into_a_file_is_that_state_rendered(
    old: list[IntegrationPart], new: list[IntegrationPart], layout: LayoutPart
) -> None:
    text = render_files(layout, old)["tox.ini"]

    assert render_into(text, layout, new) == render_files(layout, new)["tox.ini"]


# What a comment may hold; str.splitlines would break some of these lines.
WRITTEN = st.text(st.sampled_from("ab#;: \t\x0c\x1c\x85\u2028\ufeff[]{}=é"), max_size=30)


@few
@given(PARTS, st.sampled_from(["\n", "\r\n", "\r"]), WRITTEN, WRITTEN)
def test_all_outside_of_regions_stays_byte_for_byte(
    parts: list[IntegrationPart], line_end: str, first: str, last: str
) -> None:
    text = f"# {first}\n{DEFAULT_FRAME}# {last}".replace("\n", line_end)

    rendered = render_into(text, a_layout(), parts)

    assert outside(rendered) == outside(text)


def outside(text: str) -> list[str]:
    return re.split(r"(?s)# BEGIN GENERATED: .*?# END GENERATED: \w+(?: sha256:\w+)?", text)


@few
@given(PARTS, LAYOUTS)
def test_the_hash_behind_a_region_is_that_of_its_text(
    parts: list[IntegrationPart], layout: LayoutPart
) -> None:
    text = render_files(layout, parts)["tox.ini"]

    regions = list(REGION.finditer(text))

    assert [region["name"] for region in regions] == ["envlist", "deps", "setenv", "testpaths"]
    for region in regions:
        assert region["digest"] == hashlib.sha256(region["inside"].encode()).hexdigest()


@few
@given(PARTS, LAYOUTS)
def test_stripping_takes_out_what_rendering_put_in(
    parts: list[IntegrationPart], layout: LayoutPart
) -> None:
    text = render_files(layout, parts)["tox.ini"]

    assert strip_frame(text) == DEFAULT_FRAME
    assert strip_frame(DEFAULT_FRAME) == DEFAULT_FRAME


@few
@given(VERSIONS, VERSIONS)
def test_two_versions_never_share_a_factor(one: Version, other: Version) -> None:
    same_text = str(one) == str(other)

    assert (version_factor(one) == version_factor(other)) == same_text
    assert re.fullmatch(r"v[\w.]+", version_factor(one))
