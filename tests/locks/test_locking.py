"""Locking with the real uv against an index on the loopback, whose wheels are real."""

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.pylock import Pylock

from matrix.environments.explaining import Failure, Unresolved
from matrix.environments.uv import Resolved, resolve
from matrix.rules.facts import Python
from matrix.rules.locks.conflicts import held_back, split_pins
from matrix.rules.locks.parts import Pinned
from matrix.rules.locks.reading import read_lock
from matrix.rules.resolution import LockRequest
from tests.environments.makers import a_uv
from tests.support.http_server import HttpServer, Request, Response
from tests.support.wheels import WheelIndex


@pytest.fixture(scope="module")
def index() -> Iterator[WheelIndex]:
    with WheelIndex() as index:
        for version in ("1.0", "1.5", "2.0"):
            index.release("rsfoo", version)
        index.release("rsdev", "1.0", "rsfoo<2")
        index.release("onlywin", "1.0")
        index.release("click", "8.0", 'onlywin; sys_platform == "win32"')
        yield index


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("uv")


def locked(
    folder: Path, index: WheelIndex, *requirements: str, constraints: tuple[str, ...] = ()
) -> tuple[Pinned, ...]:
    request = LockRequest(
        requirements=requirements,
        python=Python(13),
        index_url=index.url,
        constraints=constraints,
    )
    outcome = resolve(request, a_uv(folder))
    assert isinstance(outcome, Resolved), outcome
    return read_lock(outcome.text)


def test_a_lock_has_hashes_markers_and_who_asks(folder: Path, index: WheelIndex) -> None:
    click, onlywin = locked(folder, index, "click")

    assert (click.version, click.is_declared, click.marker) == ("8.0", True, "")
    assert (onlywin.required_by, onlywin.marker) == (("click",), 'sys_platform == "win32"')
    assert all(pin.hashes and pin.hashes[0].startswith("sha256:") for pin in (click, onlywin))


def test_the_same_as_a_file_of_pep_751(folder: Path, index: WheelIndex) -> None:
    request = LockRequest(
        requirements=("click",), python=Python(13), index_url=index.url, as_pylock=True
    )

    outcome = resolve(request, a_uv(folder))

    assert isinstance(outcome, Resolved), outcome
    lock = Pylock.from_dict(tomllib.loads(outcome.text))
    assert {package.name for package in lock.packages} == {"click", "onlywin"}


def test_a_lock_holds_from_the_first_patch_release_of_its_python_on(folder: Path) -> None:
    with WheelIndex() as index:
        index.release("early", "1.0")
        index.release("site", "1.0", 'early; python_full_version < "3.13.5"')
        request = LockRequest(
            requirements=("site",), python=Python(13), index_url=index.url, as_pylock=True
        )

        pins = locked(folder, index, "site")
        outcome = resolve(request, a_uv(folder))

    assert {pin.name for pin in pins} == {"early", "site"}
    assert isinstance(outcome, Resolved), outcome
    assert str(Pylock.from_dict(tomllib.loads(outcome.text)).requires_python) == ">=3.13.0"


@pytest.mark.parametrize("form", ["x @ {root}secret/x-1.0-py3-none-any.whl", "{root}x-1.0.zip"])
@pytest.mark.parametrize("place", ["requirements", "constraints"])
def test_an_address_is_refused_before_uv_asks_there(form: str, place: str, folder: Path) -> None:
    asked: list[str] = []

    def answer(request: Request) -> Response:
        asked.append(request.path)
        return Response(status=404)

    with HttpServer(answer) as server:
        text = form.format(root=server.root)
        request = LockRequest(
            requirements=(text,) if place == "requirements" else ("a",),
            constraints=(text,) if place == "constraints" else (),
            python=Python(13),
            index_url=f"{server.root}simple/",
        )

        outcome = resolve(request, a_uv(folder))

    assert isinstance(outcome, Unresolved)
    assert outcome.kind is Failure.BAD_REQUEST
    assert outcome.problem.startswith(f'"{text}" ')
    assert asked == []


def test_both_conflicts_of_main_and_dev_are_found_before_anyone_installs(
    folder: Path, index: WheelIndex
) -> None:
    main = locked(folder, index, "rsfoo")
    dev_alone = locked(folder, index, "rsdev")
    together = locked(folder, index, "rsfoo", "rsdev")

    (split,) = split_pins({"main": main, "dev": dev_alone})
    (held,) = held_back(main, together)

    assert split.versions == {"main": "2.0", "dev": "1.5"}
    assert split.chains["dev"] == ("rsdev 1.0", "rsfoo 1.5")
    assert (held.alone, held.together, held.chain) == ("2.0", "1.5", ("rsdev 1.0", "rsfoo 1.5"))


def test_a_set_that_cannot_agree_with_main_says_why(folder: Path, index: WheelIndex) -> None:
    request = LockRequest(
        requirements=("rsdev",),
        python=Python(13),
        index_url=index.url,
        constraints=("rsfoo==2.0",),
    )

    outcome = resolve(request, a_uv(folder))

    assert isinstance(outcome, Unresolved)
    assert "rsfoo<2" in outcome.problem
