"""What was reviewed binds the lock of each tool, and releases that are too young stay out of it."""

import json
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement

from integrations.policy.linting import lint
from portal.guidance.generating import CannotGenerate, Choice, Guidance, generate
from portal.guidance.generating.agreeing import binding, pins_of
from portal.guidance.generating.choice import TOOLS
from portal.guidance.generating.facts import CHECKED

SETS = {"main": ("django>=5.2",), "dev": ("pytest>=8",)}
SPLIT = ("numpy==1.26.4 ; python_full_version < '3.14'", "numpy==2.3.0 ; python_version >= '3.14'")
PUBLISHED = {
    "main": ("django==5.2.8", *SPLIT, "tzdata==2025.2 ; sys_platform == 'win32'"),
    "dev": ("django==5.2.8", "pytest==8.4.2"),
}
UNION = [
    "django==5.2.8",
    "numpy==1.26.4 ; python_full_version < '3.14'",
    "numpy==2.3.0 ; python_version >= '3.14'",
    "pytest==8.4.2",
    "tzdata==2025.2 ; sys_platform == 'win32'",
]


def hashes_of(reviewed: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """A hash for each pin, and a second one that sorts before it."""
    pins = sorted({text.partition(" ;")[0] for pins in reviewed.values() for text in pins})
    return {pin: (f"sha256:{2 * n + 1:064x}", f"sha256:{2 * n:064x}") for n, pin in enumerate(pins)}


def guidance(tool: str, **values: Any) -> Guidance:
    fields: dict[str, Any] = {
        "application": "shop",
        "python": "3.13",
        "platform": "server",
        "default_index_url": "https://index.example.org/simple/",
        "sets": SETS,
        "versions": CHECKED,
        "tool": tool,
        **values,
    }
    return generate(Choice(**fields))


def published(tool: str, reviewed: Mapping[str, tuple[str, ...]], **values: Any) -> Guidance:
    return guidance(tool, reviewed=reviewed, hashes=hashes_of(reviewed), **values)


def pyproject(found: Guidance) -> dict[str, Any]:
    return tomllib.loads(found.files["pyproject.toml"])


def pipfile_lock(found: Guidance) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(found.files["Pipfile.lock"])
    return content


# --- One resolution for all sets -----------------------------------------------------------------
def test_uv_is_bound_by_constraints() -> None:
    found = published("uv", PUBLISHED)

    assert pyproject(found)["tool"]["uv"]["constraint-dependencies"] == UNION
    assert [step.command for step in found.lock] == ["uv lock"]


def test_poetry_is_bound_by_a_group_that_nobody_installs() -> None:
    found = published("poetry", PUBLISHED)

    content = pyproject(found)
    assert content["dependency-groups"]["reviewed"] == UNION
    assert content["tool"]["poetry"]["group"]["reviewed"] == {"optional": True}
    assert content["project"]["requires-python"] == ">=3.13,<3.14"
    assert [step.command for step in found.lock] == ["poetry lock"]


@pytest.mark.parametrize("tool", TOOLS)
def test_without_a_publication_everything_is_as_it_was(tool: str) -> None:
    found = guidance(tool)

    text = "".join(found.files.values())
    assert "reviewed" not in text
    assert not [step for step in found.lock if " -c " in step.command]
    assert "constraint-dependencies" not in text
    assert "Pipfile.lock" not in found.files
    assert all(step.command for step in found.update)
    assert found.files == guidance(tool, reviewed={"main": (), "dev": ()}).files


def test_no_set_is_called_as_the_group() -> None:
    with pytest.raises(CannotGenerate, match='The set "reviewed" is called as the group'):
        guidance("poetry", sets={"main": (), "reviewed": ("x",)})


# --- Sets that do not agree ----------------------------------------------------------------------
def test_where_another_set_lags_behind_main_binds() -> None:
    """Main was published again, and dev's proposal is still open."""
    lagging = {"main": ("django==5.2.9",), "dev": ("django==5.2.8", "pytest==8.4.2")}
    found = published("uv", lagging)

    assert binding(found.choice) == ("django==5.2.9", "pytest==8.4.2")
    (note,) = [note for note in found.notes if "django" in note]
    assert note == (
        "The published sets pin django at different versions (main 5.2.9; dev 5.2.8). That of "
        "main is taken: update dev in the portal."
    )
    develop = pipfile_lock(published("pipenv", lagging))["develop"]
    assert develop["django"]["version"] == "==5.2.9"
    commands = [step.command for step in published("pip-tools", lagging).lock]
    assert "-c requirements/main.txt" in commands[1]
    assert "-c requirements/dev.txt" not in commands[2]


def test_other_sets_that_do_not_agree_bind_nothing_and_it_is_told() -> None:
    sets = {"main": ("django",), "dev": ("pytest",), "load": ("pytest",)}
    apart = {"main": ("django==5.2.8",), "dev": ("pytest==8.4.2",), "load": ("pytest==9.0",)}
    found = published("uv", apart, sets=sets)

    assert binding(found.choice) == ("django==5.2.8",)
    (note,) = [note for note in found.notes if "pytest" in note]
    assert "pytest at different versions (dev 8.4.2; load 9.0)" in note
    lock = pipfile_lock(published("pipenv", apart, sets=sets))
    assert (lock["develop"]["pytest"]["version"], lock["load"]["pytest"]["version"]) == (
        "==8.4.2",
        "==9.0",
    )
    assert "pytest" not in lock["reviewed"]


def test_versions_under_markers_that_never_hold_together_agree() -> None:
    several = {"main": SPLIT, "dev": ("numpy==2.3.0 ; python_version >= '3.14'",)}
    found = published("uv", several)

    assert binding(found.choice) == tuple(sorted(SPLIT))
    assert not [note for note in found.notes if "numpy" in note]


PINS = st.sampled_from(["a==1", "a==2", "b==1", "b==2 ; sys_platform == 'win32'", "c==1"])
LISTS = st.lists(PINS, unique_by=lambda text: text[0], max_size=3).map(tuple)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(reviewed=st.fixed_dictionaries({"main": LISTS, "dev": LISTS, "load": LISTS}))
def test_what_binds_is_published_and_never_contradicts_itself(
    reviewed: dict[str, tuple[str, ...]],
) -> None:
    sets = dict.fromkeys(reviewed, ("x",))
    choice = published("uv", reviewed, sets=sets).choice

    found = binding(choice)
    everything = {text for pins in reviewed.values() for text in pins}
    assert set(found) <= everything
    # What main has binds always, where it is the only one that has it or not.
    assert set(reviewed["main"]) <= set(found)
    for system in ("linux", "win32"):
        held = [
            pin
            for pin in map(Requirement, found)
            if not pin.marker or pin.marker.evaluate({"sys_platform": system})
        ]
        assert len(held) == len({pin.name for pin in held})
    for name in sets:
        assert {*map(str, pins_of(choice, name))} <= {*reviewed[name], *reviewed["main"]}


# --- Pipenv --------------------------------------------------------------------------------------
def test_the_lock_of_pipenv_is_what_was_reviewed() -> None:
    found = published("pipenv", PUBLISHED, index_url="https://packages.example.org/simple/")

    lock = pipfile_lock(found)
    assert lock["_meta"]["requires"] == {"python_version": "3.13"}
    assert lock["_meta"]["sources"] == tomllib.loads(found.files["Pipfile"])["source"]
    hashes = hashes_of(PUBLISHED)
    assert lock["default"] == {
        "django": {"hashes": sorted(hashes["django==5.2.8"]), "version": "==5.2.8"},
        # The one for the chosen Python; a Pipfile.lock has room for no other.
        "numpy": {
            "hashes": sorted(hashes["numpy==1.26.4"]),
            "markers": "python_full_version < '3.14'",
            "version": "==1.26.4",
        },
        "tzdata": {
            "hashes": sorted(hashes["tzdata==2025.2"]),
            "markers": "sys_platform == 'win32'",
            "version": "==2025.2",
        },
    }
    assert set(lock["develop"]) == {"django", "pytest"}
    assert set(lock["reviewed"]) == {"django", "numpy", "pytest", "tzdata"}
    line = """tzdata = {version = "==2025.2", markers = "sys_platform == 'win32'"}"""
    assert line in found.files["Pipfile"].splitlines()
    assert [step.command for step in found.lock] == ["pipenv verify"]
    assert any("Of numpy it has the one for Linux and Python 3.13." in one for one in found.notes)
    assert lint(found.files) == []


def test_a_pipfile_names_its_index_where_its_lock_is_written() -> None:
    """Its hash counts the index, and without one here each machine has its own."""
    assert "source" not in tomllib.loads(guidance("pipenv").files["Pipfile"])
    (source,) = tomllib.loads(published("pipenv", PUBLISHED).files["Pipfile"])["source"]
    assert source["url"] == "https://index.example.org/simple/"
    assert "Pipfile.lock" not in published("pipenv", PUBLISHED, default_index_url="").files


def test_without_hashes_no_lock_of_pipenv_is_written() -> None:
    found = guidance("pipenv", reviewed=PUBLISHED)

    assert "Pipfile.lock" not in found.files
    assert "reviewed" not in tomllib.loads(found.files["Pipfile"])
    assert [step.command for step in found.lock] == ["pipenv lock"]


def test_another_publication_makes_another_hash_of_the_pipfile() -> None:
    """That is how pipenv verify notices a lock that was left behind."""
    newer = {**PUBLISHED, "dev": ("django==5.2.8", "pytest==8.4.3")}
    metas = [pipfile_lock(published("pipenv", each))["_meta"] for each in (PUBLISHED, newer)]

    assert metas[0]["hash"] != metas[1]["hash"]


# --- The order of an update ----------------------------------------------------------------------
@pytest.mark.parametrize("tool", TOOLS)
def test_an_update_begins_in_the_portal_once_something_is_published(tool: str) -> None:
    found = published(tool, PUBLISHED)

    purposes = [step.purpose for step in found.update]
    commands = [step.command for step in found.update]
    assert purposes[0].startswith("Lock the sets in the portal")
    assert purposes[1].startswith("Download the files of this guidance")
    assert commands[:2] == ["", ""]
    locks = [step.command for step in found.lock if "pip install" not in step.command]
    assert commands[2:-2] == locks
    assert commands[-2] == "tox run"
    assert commands[-1].startswith("git add ")
    assert not [command for command in commands if "--upgrade" in command]
    assert not [command for command in commands if "--regenerate" in command]
    text = found.files["UPDATING.md"]
    assert f"1. {purposes[0]}.\n2. {purposes[1]}.\n3. " in text
    assert "``" not in text


# --- The cooldown --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("tool", "path", "line"),
    [
        ("uv", "pyproject.toml", 'exclude-newer = "7 days"'),
        ("poetry", "poetry.toml", "min-release-age = 7"),
        ("pipenv", "Pipfile", 'cool-down-period = "7d"'),
    ],
)
def test_a_declaration_makes_young_releases_wait(tool: str, path: str, line: str) -> None:
    assert line in guidance(tool, cooldown_days=7).files[path].splitlines()
    assert line not in guidance(tool).files.get(path, "").splitlines()


@pytest.mark.parametrize(
    ("tool", "option"),
    [("pip", "--exclude-newer P7D"), ("pip-tools", "--uploaded-prior-to P7D")],
)
def test_a_command_makes_young_releases_wait(tool: str, option: str) -> None:
    found = guidance(tool, cooldown_days=7)

    for step in (*found.lock[1:], *found.update[:2]):
        assert f" {option} " in step.command
    assert not [step for step in guidance(tool).lock if option in step.command]


def test_an_update_takes_the_files_of_the_cooldown_along() -> None:
    found = published("poetry", PUBLISHED, cooldown_days=7)

    assert "take pyproject.toml and poetry.toml out of them" in found.update[1].purpose
    assert "poetry.toml" in found.update[-1].command
    assert "poetry.toml" not in published("poetry", PUBLISHED).update[1].purpose


def test_pip_tools_gets_the_pip_that_knows_the_age_of_releases() -> None:
    found = guidance("pip-tools", cooldown_days=7)

    assert found.lock[0].command.endswith(f" pip=={CHECKED['pip']} pip-tools==7.6.2")


@pytest.mark.parametrize(
    ("tool", "old", "note"),
    [
        (
            "uv",
            {"uv": "0.9.16"},
            "uv 0.9.16 cannot refuse releases younger than 1 day: take 0.9.17",
        ),
        ("pip-tools", {"pip": "25.3"}, "pip 25.3 cannot refuse"),
        ("pipenv", {"pipenv": "2026.6.0"}, "pipenv 2026.6.0 cannot refuse"),
        ("poetry", {"poetry": "2.3.9"}, "poetry 2.3.9 cannot refuse"),
    ],
)
def test_a_tool_that_knows_no_cooldown_is_told_by_name(
    tool: str, old: dict[str, str], note: str
) -> None:
    found = guidance(tool, cooldown_days=1, versions={**CHECKED, **old})

    assert [one for one in found.notes if one.startswith(note)]
    text = "".join(found.files.values()) + "".join(step.command for step in found.lock)
    for option in ("exclude-newer", "uploaded-prior-to", "cool-down-period", "min-release-age"):
        assert option not in text


@pytest.mark.parametrize("tool", TOOLS)
def test_it_is_told_what_happens_where_an_index_has_no_upload_times(tool: str) -> None:
    told = [note for note in guidance(tool, cooldown_days=7).notes if "upload" in note]

    ends = "takes the newest release there" if tool in {"pipenv", "poetry"} else "ends there"
    assert len(told) == 1
    assert ends in told[0]


def test_pip_tools_locks_and_tests_from_the_index_of_the_application() -> None:
    found = guidance("pip-tools", index_url="https://packages.example.org/simple/")

    for step in found.lock[1:]:
        assert " --index-url https://packages.example.org/simple/ " in step.command
    tox = "set_env = PIP_INDEX_URL = https://packages.example.org/simple/\n"
    assert tox in found.files["tox.ini"]
