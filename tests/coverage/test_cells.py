"""One integration on one Python, in a word and a sentence."""

from datetime import date

import pytest
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from matrix.rules.coverage import Candidate, Subject, Word, candidate, cell_of
from matrix.rules.facts import Metadata, Python, PythonRestrictionRule
from matrix.rules.lifetimes import ENDS, end_of, has_ended, months_left
from tests.support.parts import a_row, pythons

P8, P9, P12, P14T = pythons("3.8 3.9 3.12 3.14t")


def a_candidate(version: str, on: str | None, *, restricted: str = "", **values) -> Candidate:  # type: ignore[no-untyped-def]
    declared = None if on is None else frozenset(pythons(on))
    return Candidate(
        version=Version(version),
        declared=declared,
        restricted=frozenset(pythons(restricted)),
        **values,
    )


ROWS = [a_row("1.0", "3.9"), a_row("2.0", "3.9 3.12 3.14")]
TESTED = [a_candidate("1.0", "3.9"), a_candidate("2.0", "3.9 3.11 3.12 3.14")]


@pytest.mark.parametrize(
    ("python", "subject", "word", "why"),
    [
        pytest.param("3.9", Subject(rows=ROWS, tested=TESTED), Word.TESTED, "1.0, 2.0", id="rows"),
        pytest.param(
            "3.8",
            Subject(rows=ROWS, tested=TESTED),
            Word.NOT_DECLARED,
            "None of the 2 releases that could be tested declares 3.8.",
            id="not declared",
        ),
        pytest.param(
            "3.11",
            Subject(rows=ROWS, tested=TESTED),
            Word.NO_ROWS,
            "2.0 declares it; its oldest and two newest Pythons are tested.",
            id="declared, and other Pythons picked",
        ),
        pytest.param(
            "3.8",
            Subject(rows=ROWS, tested=[a_candidate("1.0", "3.8 3.9", restricted="3.8")]),
            Word.RESTRICTED,
            "A Python restriction takes 3.8 from 1.0.",
            id="restricted",
        ),
        pytest.param(
            "3.13",
            Subject(rows=ROWS, tested=TESTED, held=[a_candidate("3.0", "3.13")]),
            Word.ON_HOLD,
            "3.0, which declares it, is on hold.",
            id="on hold",
        ),
        pytest.param(
            "3.13",
            Subject(rows=ROWS, tested=TESTED, waiting=[a_candidate("3.0", "3.13")]),
            Word.WAITING,
            "3.0, which declares it, is waiting for the cooldown.",
            id="waiting",
        ),
        pytest.param(
            "3.13",
            Subject(rows=ROWS, tested=TESTED, held=[a_candidate("3.0", None)]),
            Word.NOT_DECLARED,
            "None of the 2 releases that could be tested declares 3.13. "
            "What 3.0 would declare is not known.",
            id="what is on hold was never read",
        ),
        pytest.param(
            "3.8",
            Subject(rows=ROWS, tested=[*TESTED, a_candidate("1.5", None)]),
            Word.NOT_KNOWN,
            "The metadata of 1.5 was never read.",
            id="metadata never read",
        ),
        pytest.param(
            "3.9",
            Subject(held=[a_candidate("1.0", None), a_candidate("2.0", None)]),
            Word.ON_HOLD,
            "1.0, 2.0 are on hold.",
            id="all on hold",
        ),
        pytest.param(
            "3.9",
            Subject(standing=Word.PAUSED, why="Paused."),
            Word.PAUSED,
            "Paused.",
            id="paused",
        ),
        pytest.param(
            "3.9",
            Subject(was_computed=False),
            Word.NOT_KNOWN,
            "No run has computed it yet.",
            id="no run",
        ),
        pytest.param(
            "3.9", Subject(), Word.NO_ROWS, "The last run found nothing to pick.", id="nothing"
        ),
        pytest.param(
            "3.8",
            Subject(refused=[a_candidate("1.0", "3.6")]),
            Word.NOT_DECLARED,
            "1.0 does not declare 3.8.",
            id="no Python in common",
        ),
        pytest.param(
            "3.14t",
            Subject(rows=ROWS, not_free_threaded="2.0 is not tested free-threaded: …."),
            Word.NO_WHEELS,
            "2.0 is not tested free-threaded: ….",
            id="a run found out why",
        ),
        pytest.param(
            "3.14t",
            Subject(rows=ROWS, tested=[a_candidate("2.0", "3.14", abi_tags=frozenset(["cp314"]))]),
            Word.NO_WHEELS,
            "2.0 has no wheel for free-threaded 3.14.",
            id="no wheels",
        ),
        pytest.param(
            "3.14t",
            Subject(rows=ROWS, tested=[a_candidate("2.0", "3.14", abi_tags=frozenset(["none"]))]),
            Word.NO_ROWS,
            "2.0 may fit; no run has proposed it yet.",
            id="pure wheels",
        ),
        pytest.param(
            "3.14t",
            Subject(rows=ROWS, tested=TESTED),
            Word.NOT_KNOWN,
            "Which wheels the releases have is not known.",
            id="wheels never read",
        ),
        pytest.param(
            "3.8t",
            Subject(rows=ROWS, tested=TESTED),
            Word.NOT_DECLARED,
            "None of the 2 releases that could be tested declares 3.8.",
            id="not even with the GIL",
        ),
    ],
)
def test_a_cell_says_why_there_is_nothing(
    python: str, subject: Subject, word: Word, why: str
) -> None:
    cell = cell_of(Python.parse(python), subject)

    assert (cell.word, cell.why) == (word, why)


def test_rows_are_counted_and_their_ends_named() -> None:
    subject = Subject(rows=[a_row("1.11"), a_row("5.0"), a_row("2.0")])

    assert cell_of(P9, subject).text == "3: 1.11\N{EN DASH}5.0"
    assert cell_of(P9, Subject(rows=[a_row("5.0")])).text == "1: 5.0"


def test_a_loss_comes_before_its_reason() -> None:
    subject = Subject(rows=ROWS, tested=TESTED, before=[a_row("0.9", "3.8"), a_row("1.0", "3.9")])

    assert cell_of(P8, subject).text == "lost 0.9: not declared"
    assert cell_of(P9, subject).lost == ()


def test_what_a_release_declares_comes_from_its_metadata_and_the_first_restriction() -> None:
    metadata = Metadata(requires_python=">=3.8")
    rules = [
        PythonRestrictionRule(releases=SpecifierSet("<2"), pythons=SpecifierSet("<3.12")),
        PythonRestrictionRule(releases=SpecifierSet(), pythons=SpecifierSet("<3.1")),
    ]

    found = candidate(
        Version("1.0"), metadata, supported=(P8, P9, P12), restrictions=rules, abi_tags=None
    )
    unread = candidate(Version("1.0"), None, supported=(P8,), restrictions=rules)

    assert (found.declared, found.restricted) == (frozenset({P8, P9, P12}), frozenset({P12}))
    assert unread.declared is None


def test_a_python_ends_with_the_last_day_of_its_month() -> None:
    assert str(end_of(P8)) == "Oct 2024"
    assert not has_ended(P8, date(2024, 10, 31))
    assert has_ended(P8, date(2024, 11, 1))
    assert not has_ended(Python(99), date(2099, 1, 1))
    assert [months_left(P8, date(2024, month, 1)) for month in (9, 10, 11)] == [1, 0, -1]
    assert months_left(Python(99), date(2099, 1, 1)) is None
    assert list(ENDS.values()) == sorted(ENDS.values())
