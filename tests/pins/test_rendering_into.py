"""``render --into`` brings the constraint files beside a tox.ini up to date as well."""

from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from integrations.catalogue.models import Sdk
from matrix.review.models import Publication
from tests.pins.makers import a_publication
from tests.review.makers import a_channel
from tests.sdk.test_commands import refusal, run
from tests.support.parts import a_layout, a_part
from tests.support.pins import PinBook

pytestmark = pytest.mark.django_db
OURS = "httpx-v0.28.1-py3.9.txt"


@pytest.fixture
def publication() -> Publication:
    Sdk(slug="kit", name="Kit", pythons="3.9 3.12").save()
    book = PinBook()
    part = a_part(rows=[book.row("0.28.1", {"3.9": "anyio==4.9.0", "3.12": "anyio==4.14.2"})])
    layout = a_layout(sdk="kit", pins_style="constraints")
    return a_publication(a_channel("kit"), layout, [part], book)


@pytest.fixture
def tox_ini(publication: Publication, tmp_path: Path) -> Path:
    """A repository as ``render`` leaves it."""
    file = tmp_path / "tox.ini"
    file.write_text(publication.files.get(path="tox.ini").read(), encoding="utf-8")
    run("render", "kit", "--into", str(file))
    return file


def constraints(tox_ini: Path) -> dict[str, str]:
    folder = tox_ini.parent / "constraints"
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_constraint_files_are_written_beside_the_tox_ini(
    tox_ini: Path, publication: Publication
) -> None:
    published = publication.files.filter(path__startswith="constraints/")

    assert constraints(tox_ini) == {
        file.path.removeprefix("constraints/"): file.read() for file in published
    }
    assert run("render", "kit", "--into", str(tox_ini)) == f"{tox_ini} is current.\n"


def test_old_files_of_the_portal_go_and_files_of_others_stay(tox_ini: Path) -> None:
    folder = tox_ini.parent / "constraints"
    (folder / "httpx-v0.27.0-py3.9.txt").write_text(
        "# Written by the Matrix Portal for py3.9-httpx-v0.27.0.\nanyio==4.1.0\n", encoding="utf-8"
    )
    (folder / "ours.txt").write_text("setuptools<82\n", encoding="utf-8")
    (folder / OURS).write_text("edited\n", encoding="utf-8")

    assert refusal("render", "kit", "--into", str(tox_ini), "--check") == (
        f"{tox_ini} has 1 constraint file to write, 1 to remove beside it. "
        "Run the command without --check."
    )
    assert run("render", "kit", "--into", str(tox_ini)) == (
        f"{tox_ini} is brought up to date.\nWrote 1 constraint file beside it, and removed 1.\n"
    )
    assert sorted(constraints(tox_ini)) == ["httpx-v0.28.1-py3.12.txt", OURS, "ours.txt"]
    assert constraints(tox_ini)[OURS].endswith("anyio==4.9.0\n")


def test_a_folder_that_cannot_be_made_is_a_sentence(
    tox_ini: Path, tmp_path: Path, publication: Publication
) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "constraints").write_text("a file\n", encoding="utf-8")
    file = tmp_path / "other" / "tox.ini"
    file.write_text(tox_ini.read_text(encoding="utf-8"), encoding="utf-8")

    assert refusal("render", "kit", "--into", str(file)) == (
        f"{file.parent / 'constraints'} cannot be changed: File exists."
    )


def test_a_style_that_nobody_knows_is_refused() -> None:
    sdk = Sdk(slug="kit", name="Kit", pythons="3.9", pins_style="loose")

    with pytest.raises(ValidationError) as caught:
        sdk.full_clean()

    assert caught.value.message_dict == {"pins_style": ["Value 'loose' is not a valid choice."]}


@pytest.mark.parametrize("style", ["none", "constraints", "inline"])
def test_every_style_can_be_chosen(style: str) -> None:
    Sdk(slug="kit", name="Kit", pythons="3.9", pins_style=style).full_clean()
