"""
What was reviewed and published is what each tool locks and installs; younger releases wait.

The real tools, at the versions that the facts were checked with, on an index on the loopback.
"""

import hashlib
import json
import shlex
import sys
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from integrations.policy.linting import lint
from matrix.environments.uv import Resolved, resolve
from matrix.rules.facts import Python
from matrix.rules.locks.parts import LockPart
from matrix.rules.locks.reading import read_lock
from matrix.rules.locks.rendering import lock_files
from matrix.rules.resolution import LockRequest
from portal.guidance.generating import Choice, generate
from portal.guidance.generating.choice import TOOLS
from portal.guidance.generating.facts import CHECKED
from tests.environments.makers import a_uv
from tests.hooks.shop import PYTHON, TOX_UV, Shop, install_tool
from tests.support.wheels import WheelIndex, wheel

pytestmark = [pytest.mark.tools, pytest.mark.slow, pytest.mark.long]
SETS = {"main": ("rsfoo>=1",), "dev": ("RSdev",)}
OLDER = ("rsfoo<2", "rsdep<1.2", "rsdev<1.1", "rswin<1.1")
WAIT = {"cooldown_days": 7, "sets": {"main": ("rsdep",)}}
FIRST = {
    "main": {("rsfoo", "1.5"), ("rsdep", "1.0"), ("rsdep", "1.1"), ("rswin", "1.0")},
    "dev": {("rsdev", "1.0")},
}
SECOND = {
    "main": {("rsfoo", "2.0"), ("rsdep", "1.0"), ("rsdep", "1.2"), ("rswin", "1.1")},
    "dev": {("rsdev", "1.1")},
}
ONLY_ON_WINDOWS = {("rsdep", "1.0"), ("rswin", "1.0"), ("rswin", "1.1")}
Pairs = set[tuple[str, str]]


class DatedIndex(WheelIndex):
    """Tells how old each file is, and its hash; *has_times* off: as an index of HTML does not."""

    has_times = True

    def aged(self, project: str, version: str, age: int, *requirements: str) -> None:
        self.release(project, version, *requirements)
        file = self.projects[project].files[-1]
        content = wheel(file["filename"], self.metadata[file["filename"]])
        file["hashes"] = {"sha256": hashlib.sha256(content).hexdigest()}
        at = datetime.now(UTC) - timedelta(days=age)
        file["upload-time"] = at.strftime("%Y-%m-%dT%H:%M:%SZ")
        if not self.has_times:
            del file["upload-time"]

    def fill(self) -> None:
        """Add what the sets need: a pin that is split by markers, and young releases."""
        split = (
            "rsdep<1.1 ; sys_platform == 'win32'",
            "rsdep>=1.1 ; sys_platform != 'win32'",
            "rswin ; sys_platform == 'win32'",
        )
        for version, age in (("1.0", 400), ("1.5", 300), ("2.0", 2)):
            self.aged("rsfoo", version, age, *split)
        for version, age in (("1.0", 400), ("1.1", 300), ("1.2", 2)):
            self.aged("rsdep", version, age)
        for version, age in (("1.0", 400), ("1.1", 2)):
            self.aged("rsdev", version, age, "rsfoo>=1")
            self.aged("rswin", version, age)


class UndatedIndex(DatedIndex):
    has_times = False


@pytest.fixture(scope="module")
def dated() -> Iterator[DatedIndex]:
    with DatedIndex() as index:
        index.fill()
        yield index


@pytest.fixture(scope="module")
def undated() -> Iterator[DatedIndex]:
    with UndatedIndex() as index:
        index.fill()
        yield index


@pytest.fixture(scope="module", params=TOOLS)
def tool(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def programs(tool: str, tools: Path) -> Path:
    return install_tool(tool, tools / f"of-{tool}")


def locked_by_the_portal(
    folder: Path, index: DatedIndex, constraints: tuple[str, ...] = ()
) -> dict[str, LockPart]:
    """Lock the sets as the portal does: main by itself, dev with main's pins."""
    parts: dict[str, LockPart] = {}
    limits = constraints
    for name, declared in SETS.items():
        wanted = LockRequest(
            requirements=declared,
            python=Python.parse(PYTHON),
            index_url=index.url,
            constraints=limits,
        )
        found = resolve(wanted, a_uv(folder))
        assert isinstance(found, Resolved), found
        pins = read_lock(found.text)
        parts[name] = LockPart(name=name, declared=declared, python=PYTHON, pinned=pins)
        limits = (*constraints, *(pin.requirement for pin in pins))
    return parts


def put(folder: Path, tools: Path, index: DatedIndex, **values: object) -> Shop:
    """Write what is generated for *values* into *folder*, over what is there."""
    fields = {
        "application": "shop",
        "python": PYTHON,
        "platform": "upsun-fixed",
        "sets": SETS,
        "versions": {**CHECKED, "tox-uv": TOX_UV},
        "is_django": False,
        "index_url": index.url,
        **values,
    }
    guidance = generate(Choice(**fields))  # type: ignore[arg-type]
    write(folder, dict(guidance.files))
    return Shop(
        folder=folder,
        guidance=guidance,
        tools=tools,
        index_url=index.url,
        cache=folder.parent / "cache",
    )


def write(folder: Path, files: dict[str, str]) -> None:
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def put_published(
    folder: Path, tool: str, tools: Path, index: DatedIndex, parts: dict[str, LockPart]
) -> Shop:
    """Write what is downloaded once *parts* are published."""
    if tool in {"pip", "pip-tools"}:
        for part in parts.values():
            write(folder, lock_files(part))
    return put(
        folder,
        tools,
        index,
        tool=tool,
        reviewed={
            name: tuple(pin.requirement for pin in part.pinned) for name, part in parts.items()
        },
        hashes={str(pin): pin.hashes for part in parts.values() for pin in part.pinned},
    )


def locked_by_the_tool(shop: Shop) -> Pairs:
    """Return each project and version of the lock that the tool made."""
    folder, tool = shop.folder, shop.choice.tool
    if tool in {"uv", "poetry"}:
        content = tomllib.loads((folder / f"{tool}.lock").read_text(encoding="utf-8"))
        pairs = {(one["name"], one["version"]) for one in content["package"]}
        return pairs - {("shop", "0")}
    if tool == "pipenv":
        lock = json.loads((folder / "Pipfile.lock").read_text(encoding="utf-8"))
        sections = [lock["default"], lock["develop"]]
        return {(name, one["version"][2:]) for found in sections for name, one in found.items()}
    texts = [
        (folder / f"requirements/{name}.txt").read_text(encoding="utf-8")
        for name in shop.choice.sets
    ]
    pins = [pin for text in texts for pin in read_lock(without_options(text))]
    return {(pin.name, pin.version) for pin in pins}


def without_options(text: str) -> str:
    return "".join(f"{line}\n" for line in text.splitlines() if not line.startswith("--index-url"))


def expected(tool: str, published: dict[str, Pairs], *names: str) -> Pairs:
    """pip-tools locks for the machine that it runs on, a Pipfile.lock has a project once."""
    pairs = set().union(*(published[name] for name in names or published))
    if tool == "pip-tools":
        return pairs - ONLY_ON_WINDOWS
    return pairs - {("rsdep", "1.0")} if tool == "pipenv" else pairs


def refused(shop: Shop) -> bool:
    """Whether the check of the build ends where the lock is the one of before."""
    check = {
        "pipenv": "pipenv verify",
        "poetry": "poetry check --lock",
        "uv": "uv sync --locked --no-default-groups --no-install-project",
    }[shop.choice.tool]
    assert check in shop.guidance.files[".platform.app.yaml"]
    return shop.sh(check).returncode != 0


def test_a_tool_locks_and_installs_what_was_published(
    tool: str, programs: Path, dated: DatedIndex, tmp_path: Path
) -> None:
    first = locked_by_the_portal(tmp_path, dated, OLDER)
    folder = tmp_path / "shop"

    shop = put_published(folder, tool, programs, dated, first)
    shop.lock()

    assert locked_by_the_tool(shop) == expected(tool, FIRST)

    second = locked_by_the_portal(tmp_path, dated)
    old = {path: path.read_bytes() for path in folder.glob("*.lock")}
    shop = put_published(folder, tool, programs, dated, second)
    for path, content in old.items():
        path.write_bytes(content)
    if old:
        assert refused(shop)
    shop = put_published(folder, tool, programs, dated, second)
    shop.lock()

    assert locked_by_the_tool(shop) == expected(tool, SECOND)
    assert lint(committed(shop)) == []
    assert installed(shop) == expected(tool, SECOND, "main") - ONLY_ON_WINDOWS


def committed(shop: Shop) -> dict[str, str]:
    """Return the files of the repository: what was generated, and the locks."""
    names = {*shop.guidance.files, "poetry.lock", "uv.lock"}
    names |= {f"requirements/{name}.txt" for name in SETS}
    found = {name: shop.folder / name for name in names}
    return {name: path.read_text(encoding="utf-8") for name, path in found.items() if path.exists()}


def installed(shop: Shop) -> Pairs:
    """Install production as the build does, and return what is in the environment."""
    if shop.choice.tool in {"pip", "pip-tools"}:  # The index has no pip to begin with.
        install = "-m pip --python .venv/bin/python install --require-hashes"
        done = shop.sh(
            "set -eu\nexport PIP_USER=0\npython3 -m venv --without-pip .venv\n"
            f"{shlex.quote(sys.executable)} {install} -r requirements/main.txt"
        )
    else:
        done = shop.build()
    assert done.returncode == 0, done.stdout + done.stderr
    found = shop.folder.glob(f".venv/lib/python{PYTHON}/site-packages/rs*.dist-info")
    pairs = (path.name.removesuffix(".dist-info").split("-") for path in found)
    return {(name, version) for name, version in pairs}


def test_a_lock_leaves_younger_releases_out(
    tool: str, programs: Path, dated: DatedIndex, tmp_path: Path
) -> None:
    shop = put(tmp_path / "shop", programs, dated, tool=tool, **WAIT)

    shop.lock()

    assert locked_by_the_tool(shop) == {("rsdep", "1.1")}
    if tool == "uv":  # What it was made with stays: else the lock would be stale the next day.
        assert 'exclude-newer-span = "P7D"' in (shop.folder / "uv.lock").read_text()
        assert not refused(shop)


def test_without_upload_times_a_tool_does_what_the_guidance_says(
    tool: str, programs: Path, undated: DatedIndex, tmp_path: Path
) -> None:
    shop = put(tmp_path / "shop", programs, undated, tool=tool, **WAIT)
    (note,) = [note for note in shop.guidance.notes if "upload" in note]

    steps = [step.command for step in shop.guidance.lock if "pip install" not in step.command]
    done = shop.sh("set -eu\n" + "\n".join(steps))

    if "takes the newest release there" in note:
        assert done.returncode == 0, done.stdout + done.stderr
        assert locked_by_the_tool(shop) == {("rsdep", "1.2")}
    else:
        assert "ends there" in note
        assert done.returncode != 0


def test_pipenv_cannot_be_made_to_lock_something_else(
    tools: Path, dated: DatedIndex, tmp_path: Path
) -> None:
    """The category with the reviewed pins contradicts newer ones of main."""
    programs = install_tool("pipenv", tools / "of-pipenv")
    parts = locked_by_the_portal(tmp_path, dated, OLDER)
    shop = put_published(tmp_path / "shop", "pipenv", programs, dated, parts)
    before = (shop.folder / "Pipfile.lock").read_bytes()

    done = shop.sh("pipenv lock")

    assert done.returncode != 0
    assert "ResolutionImpossible" in done.stdout + done.stderr
    assert (shop.folder / "Pipfile.lock").read_bytes() == before
