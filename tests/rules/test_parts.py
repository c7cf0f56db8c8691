"""The written form of parts: bytes that never change once they are stored."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matrix.rules.parts import IntegrationPart, Part, UnreadableSnapshot, read, write
from tests.support.parts import LAYOUTS, a_layout, a_part, a_row, a_use, parts
from tests.support.pins import PinBook

# Written by the first version of the portal.
LAYOUT_1 = (
    r'{"frame":"# \u00e9\n[tox]\n","groups":["AI","Web 1"],"kind":"layout","pins_style":"none",'
    r'"schema":1,"sdk":"example-sdk"}'
)
INTEGRATION_1 = (
    '{"extras":["fastapi","flask"],"group":"GraphQL","kind":"integration","name":"strawberry",'
    '"project":"strawberry-graphql","requirements":[{"requirement":"anyio<4","where":'
    '[["0.16.1",["3.6","3.9"]]]}],"rows":[{"advisory":false,"pythons":["3.6","3.9"],'
    '"version":"0.16.1"},{"advisory":true,"pythons":["3.11","3.14t"],"version":"1.0b2"}],'
    '"schema":1,"test_path":"tests/integrations/strawberry"}'
)
LAYOUT = a_layout("AI", "Web 1", frame="# é\n[tox]\n")
STRAWBERRY = a_part(
    "strawberry",
    project="strawberry-graphql",
    extras=("fastapi", "flask"),
    group="GraphQL",
    rows=[a_row("0.16.1", "3.6 3.9"), a_row("1.0b2", "3.11 3.14t", is_advisory=True)],
    requirements=[a_use("anyio<4", v0_16_1="3.6 3.9")],
)
BOOK = PinBook()
PINNED = a_part(
    rows=[
        BOOK.row("0.28.1", {"3.9": "anyio==4.9.0", "3.10": "anyio==4.14.2", "3.14t": None}),
        a_row("1.0b2", "3.11"),
    ]
)
INTEGRATION_2 = (
    '{"extras":[],"group":"Network","kind":"integration","name":"httpx","project":"httpx",'
    '"requirements":[],"rows":[{"advisory":false,"pins":{'
    '"3.10":"9050d78a307f7c30a2cc9cb0f08fe971265451b335011f95e732536436419fa0","3.14t":null,'
    '"3.9":"b6d49e0a56e1ecb3e5ecaf875c800c09c12411e1021aa3434641f3396b66c0d5"},"pythons":["3.9","3.10","3.14t"],"version":"0.28.1"},'
    '{"advisory":false,"pythons":["3.11"],"version":"1.0b2"}],'
    '"schema":2,"test_path":"tests/integrations/httpx"}'
)


@pytest.mark.parametrize(
    ("part", "body"),
    [
        pytest.param(LAYOUT, LAYOUT_1, id="a layout"),
        pytest.param(STRAWBERRY, INTEGRATION_1, id="an integration"),
        pytest.param(PINNED, INTEGRATION_2, id="an integration with pins"),
    ],
)
def test_a_part_and_its_bytes_are_each_other(part: Part, body: str) -> None:
    assert write(part) == body
    assert read(body) == part


@st.composite
def pinned_parts(draw: st.DrawFn) -> IntegrationPart:
    """Parts of which some rows are pinned, on all of their Pythons or with failures."""
    pins = st.sampled_from(["a==1", "b==2 c==3", None])
    rows = [
        BOOK.row(
            str(row.version),
            {str(python): draw(pins) for python in row.pythons},
        )
        if draw(st.booleans())
        else row
        for row in draw(parts()).rows
    ]
    return a_part(rows=rows)


@given(st.one_of(LAYOUTS, parts(), pinned_parts()))
def test_what_is_written_can_be_read(part: Part) -> None:
    assert read(write(part)) == part


@given(pinned_parts())
def test_a_part_has_the_schema_of_what_it_says(part: IntegrationPart) -> None:
    body = json.loads(write(part))

    has_pins = any(row.pins for row in part.rows)
    assert body["schema"] == (2 if has_pins else 1)
    assert has_pins == any("pins" in row for row in body["rows"])


def test_the_order_in_which_pins_were_found_changes_no_bytes() -> None:
    row = BOOK.row("1.0", {"3.9": "a==1", "3.10": None})
    other = replace(row, pins=tuple(reversed(row.pins)))

    assert row.pins != other.pins
    assert write(a_part(rows=[row])) == write(a_part(rows=[other]))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ('{"schema":3,"kind":"integration"}', "Schema 3 of an? integration is newer"),
        ("{}", "The body of a snapshot names neither its schema nor its kind."),
    ],
    ids=["a schema of the future", "no snapshot"],
)
def test_what_cannot_be_read_is_refused(body: str, message: str) -> None:
    with pytest.raises(UnreadableSnapshot, match=message):
        read(body)
