"""Names are expanded as tox expands them; what would grow without bounds is refused."""

import re

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from tox.config.loader.ini.factor import expand_factors, extend_factors

from matrix.rules.toxini.generative import (
    NotGenerative,
    conditions,
    expand,
    is_nested,
    split_condition,
)

PIECES = [
    "{", "}", ",", "-", "!", " ", "*", "py3.", "py", "8", "12", "spark", "v", "3.1", "10-12", "10-",
    "-13", "{a,b}", "{py3.8,py3.9}", "{10-13}", "{3.8, 3.9}", "[!a]",
]  # fmt: skip
GENERATIVE = st.lists(st.sampled_from(PIECES), max_size=8).map("".join)
ANYTHING = st.text(alphabet="{},-!abpy3.19 *[]:v#=", max_size=18)


def theirs(text: str) -> list[str] | None:
    try:
        return [name for name in extend_factors(text) if name]
    except ValueError:
        return None


def ours(text: str) -> list[str] | None:
    try:
        names = expand(text)
    except NotGenerative as error:
        assume("more than" not in str(error))  # What tox would expand until memory ends.
        return None
    return ["-".join(factor.removeprefix("!") for factor in name.split("-")) for name in names]


@settings(max_examples=1000, deadline=None)
@given(GENERATIVE | ANYTHING)
def test_any_text_expands_as_it_does_in_tox(text: str) -> None:
    assume(not is_nested(text) and not re.search(r"\d{4}", text))

    assert ours(text) == theirs(text)


@settings(max_examples=500, deadline=None)
@example("{10-13}!{10-13}{10-13}{10-13}{10-13}", ": ", "x")
@given(GENERATIVE, st.sampled_from([": ", ":", " : ", ":\t"]), st.sampled_from(["x", "a: b", ""]))
def test_a_condition_ends_where_it_does_in_tox(condition: str, colon: str, rest: str) -> None:
    line = f"{condition}{colon}{rest}"
    assume(not is_nested(line) and not re.search(r"\d{4}", line))
    ((factors, content),) = expand_factors(line)

    found, text = split_condition(line)

    assert (found is None, text) == (factors is None, content)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("py{38,39}-django{32,42}", "py38-django32 py38-django42 py39-django32 py39-django42"),
        ("{py3.8,py3.9}-a, b", "py3.8-a py3.9-a b"),
        ("py3{10-12}", "py310 py311 py312"),
        ("{a,{b,c}-{d,e}}-x", "a-x b-d-x b-e-x c-d-x c-e-x"),
        ("py{,3}", "py py3"),
        ("{,}, a", "a"),
    ],
    ids=[
        "glued versions",
        "two on a line",
        "a range",
        "braces inside of braces",
        "an empty one",
        "nothing but empty ones",
    ],
)
def test_generative_names(text: str, names: str) -> None:
    assert expand(text) == names.split()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{a,b}" * 30, "stands for more than 5,000 names. Write fewer braces."),
        ("{" * 25 + "a" + "}" * 25, "The braces nest too deeply."),
        ("py{1-999999999}", '"1-999999999" is too large a range.'),
        ("py{1-9999}-{1-9999}", '"1-9999" is too large a range.'),
        ("{a,b", '"{a,b" has a brace too few or too many.'),
        ("a}b", '"a}b" has a brace too few or too many.'),
        ("a-{}", "There is nothing between { and }."),
        ("a b", '"a b" is not the name of an environment.'),
    ],
    ids=lambda value: value[:20],
)
def test_what_names_no_environments_is_refused_with_a_sentence(text: str, sentence: str) -> None:
    with pytest.raises(NotGenerative) as caught:
        expand(text)

    assert sentence in str(caught.value)


def test_a_condition_with_too_many_ways_is_refused() -> None:
    condition, rest = split_condition("{a,b}" * 12 + ": x")

    assert (condition, rest) == ("{a,b}" * 12, "x")
    with pytest.raises(NotGenerative):
        conditions(condition or "")
