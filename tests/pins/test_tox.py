"""What tox itself reads in files with the pins of 61 integrations."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from matrix.rules.facts import Python
from matrix.rules.parts import IntegrationPart, Row
from matrix.rules.rendering import render_files
from matrix.rules.rendering.factors import environment
from matrix.rules.rendering.pins import pins_of
from tests.support.invented import Matrix, a_matrix, environments_of
from tests.support.tox import settings_of, tox

MATRIX = a_matrix()
# tox reads all lines again for each environment that it tells about: of most, only the name.
SOME = MATRIX.parts[2:4]


@pytest.fixture(scope="module", params=["constraints", "inline"])
def style(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def files(style: str) -> dict[str, str]:
    return render_files(MATRIX.layout(style), MATRIX.parts, MATRIX.book.sets)


@pytest.fixture(scope="module")
def folder(files: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    for path, text in files.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def expected_pins(matrix: Matrix, part: IntegrationPart, row: Row, python: Python) -> list[str]:
    pin_set = dict(row.pins)[python]
    return list(pins_of(part, pin_set, matrix.book.sets)) if pin_set else []


@pytest.mark.slow
@pytest.mark.long
def test_tox_lists_every_environment(folder: Path) -> None:
    listed = tox(folder, "list", "-q", "--no-desc").split()

    expected = {
        environment(python, part.name, version)
        for part in MATRIX.parts
        for _, python, version in environments_of(part)
    }
    assert sorted(listed) == sorted(expected)


@pytest.mark.slow
@pytest.mark.long
def test_tox_finds_for_each_environment_its_own_pins_and_no_others(
    style: str, folder: Path
) -> None:
    asked = {
        environment(python, part.name, version): (part, row, python)
        for part in SOME
        for row, python, version in environments_of(part)
    }

    read = settings_of(folder, "deps", environments=sorted(asked))

    for name, (part, row, python) in asked.items():
        lines = [line for line in read[f"testenv:{name}"]["deps"].split("\n") if line]
        pins = lines[3:]  # After pytest, the project and the requirement.
        if style == "constraints" and pins:
            (constraint,) = pins
            text = (folder / constraint.removeprefix("-c ")).read_text(encoding="utf-8")
            pins = text.splitlines()[1:]
        assert lines[:3] == ["pytest", f"{part.project}=={row.version}", "pytest-asyncio"]
        assert pins == expected_pins(MATRIX, part, row, python)
