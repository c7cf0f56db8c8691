"""toxgen's lists of factors become specifiers that match exactly the same Pythons."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from integrations.catalogue.importing.pythons import as_rules, read_factors

SUPPORTED = range(6, 15)  # 3.6 to 3.14, free-threaded from 3.14.


@pytest.mark.parametrize(
    ("factors", "rules"),
    [
        pytest.param("py3.6", [("<3.7", "any")], id="the oldest"),
        pytest.param("py3.6,py3.7", [("<3.8", "any")], id="the oldest two"),
        pytest.param("py3.8", [("==3.8", "any")], id="one in the middle"),
        pytest.param("py3.7,py3.8", [(">=3.7,<3.9", "any")], id="two in the middle"),
        pytest.param("py3.7,py3.9", [(">=3.7,<3.10,!=3.8", "any")], id="a gap"),
        pytest.param("py3.14,py3.14t", [(">=3.14", "any")], id="the newest, with and without"),
        pytest.param("py3.14", [(">=3.14", "never")], id="the newest with the GIL alone"),
        pytest.param("py3.14t", [(">=3.14", "only")], id="the newest without the GIL alone"),
        pytest.param("py3.13,py3.14", [(">=3.13", "never")], id="several with the GIL alone"),
        pytest.param(
            "py3.13,py3.14t", [("==3.13", "never"), (">=3.14", "only")], id="two rules are needed"
        ),
        pytest.param("py3.5", [("<3.6", "any")], id="a Python that the SDK does not support"),
        pytest.param(
            "py3.6,py3.7,py3.8,py3.9,py3.10,py3.11,py3.12,py3.13,py3.14,py3.14t",
            [("", "any")],
            id="every Python",
        ),
    ],
)
def test_lists_of_factors(factors: str, rules: list[tuple[str, str]]) -> None:
    read = read_factors(factors)

    assert read is not None
    assert as_rules(*read, supported=SUPPORTED, free_threading_from=14) == rules


@pytest.mark.parametrize("text", ["", "py3", "py3.x", "py3.8, py3.9", "py3.8,", "py2.7", "py3.8tt"])
def test_what_is_no_list_of_factors(text: str) -> None:
    assert read_factors(text) is None


minors = st.integers(min_value=0, max_value=20)


@given(
    plain=st.frozensets(minors),
    threaded=st.frozensets(minors),
    supported=st.frozensets(minors, min_size=1),
    first=minors | st.none(),
)
def test_the_rules_match_exactly_the_listed_pythons_once(
    plain: frozenset[int], threaded: frozenset[int], supported: frozenset[int], first: int | None
) -> None:
    if not plain and not threaded:
        plain = frozenset({8})

    rules = as_rules(plain, threaded, supported=supported, free_threading_from=first)

    environments = [(minor, False) for minor in supported | plain]
    environments += [(minor, True) for minor in supported | threaded if first is not None]
    environments = [
        (minor, is_free)
        for minor, is_free in environments
        if not is_free or (first is not None and minor >= first) or minor in threaded
    ]
    for minor, is_free in environments:
        matching = [
            rule
            for rule, switch in rules
            if SpecifierSet(rule).contains(f"3.{minor}")
            and switch in {"any", "only" if is_free else "never"}
        ]
        listed = minor in (threaded if is_free else plain)
        assert len(matching) == (1 if listed else 0)
