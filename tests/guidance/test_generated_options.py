"""What each option of an application does to the files that are generated for it."""

import json
import re
from dataclasses import replace

import pytest
import yaml

from portal.guidance.generating import CannotGenerate, Guidance, generate
from portal.guidance.generating.choice import PLATFORMS, TOOLS
from portal.guidance.generating.facts import CHECKED
from tests.guidance.test_generating import EVERY, dash, guidance

DIGEST = "0" * 64
INSTALL = "-m pip install --require-hashes --only-binary :all: -r"
IN_A_FOLDER = ("pipenv", "poetry", "uv")
SCRIPTS = {
    "upsun-fixed": ".platform.app.yaml",
    "upsun-flex": ".upsun/config.yaml",
    "docker": "Dockerfile",
    "server": "build.sh",
}


def build_of(found: Guidance) -> str:
    return found.files[SCRIPTS[found.choice.platform]]


# --- The tool is locked --------------------------------------------------------------------------
@pytest.mark.parametrize(("tool", "platform"), EVERY)
def test_the_build_installs_its_tool_from_a_lock_with_hashes(tool: str, platform: str) -> None:
    found = guidance(tool, platform, locks_tool=True)
    build = build_of(found)
    name = "pip" if tool == "pip-tools" else tool

    assert found.files["requirements/tool.in"] == f"{name}=={CHECKED[name]}\n"
    assert build.count(f"{INSTALL} requirements/tool.txt") == 1
    assert not re.search(r"\bPIP_VERSION\b|dependencies:|==[0-9]", build)
    if tool in IN_A_FOLDER:
        calls = rf"^[ &]*(\S*\b{tool}\"?) (?:check|sync|verify|venv)"
        called = re.findall(calls, build, flags=re.MULTILINE)
        assert called == [f'"$tool/bin/{tool}"', f'"$tool/bin/{tool}"']
    else:
        first, second = re.findall(rf"{re.escape(INSTALL)} (\S+)", build)
        assert (first, second) == ("requirements/tool.txt", "requirements/main.txt")
    for step in (*found.install, *found.lock, *found.update):
        dash(step.command)


@pytest.mark.parametrize("tool", IN_A_FOLDER)
def test_the_folder_of_the_tool_is_removed(tool: str) -> None:
    image = build_of(guidance(tool, "docker", locks_tool=True))
    script = build_of(guidance(tool, "server", locks_tool=True))

    (run,) = re.findall(r"^RUN --mount.*?[^\\]$", image, flags=re.MULTILINE | re.DOTALL)
    assert run.endswith(' \\\n && rm -rf "$tool"')
    assert "COPY requirements/tool.txt requirements/\n" in image.split(run)[0]
    assert 'tool="$(mktemp -d)"\ntrap \'rm -rf "$tool"\' EXIT\n' in script
    assert guidance(tool, "server", locks_tool=True).install[-1].command == 'rm -rf "$tool"'


@pytest.mark.parametrize("tool", TOOLS)
def test_the_steps_tell_how_the_lock_of_the_tool_is_made(tool: str) -> None:
    found = guidance(tool, locks_tool=True, index_url="https://packages.example.org/[x]/")
    files = "-o requirements/tool.txt requirements/tool.in"

    assert [step.command.endswith(files) for step in found.lock].count(True) == 1
    (update,) = [step.command for step in found.update if step.command.endswith(files)]
    assert "--generate-hashes" in update
    assert "--upgrade" in update
    if tool != "pip-tools":
        assert "--universal --python-version 3.13" in update
        assert "--default-index 'https://packages.example.org/[x]/'" in update
    assert update in found.files["UPDATING.md"]
    (commit,) = [step.command for step in found.update if step.command.startswith("git add")]
    assert {"requirements/tool.in", "requirements/tool.txt"} <= set(commit.split())
    assert "uv" in found.choice.needed_tools or tool == "pip-tools"


@pytest.mark.parametrize("tool", TOOLS)
def test_what_is_not_caught_depends_on_the_lock_of_the_tool(tool: str) -> None:
    pinned = guidance(tool, locks_tool=False).not_caught
    locked = guidance(tool, locks_tool=True).not_caught

    assert any("at whatever version is newest" in one or "compared with" in one for one in pinned)
    assert not any("at whatever version is newest" in one for one in locked)
    assert any(one.startswith("The pip that comes with Python") for one in locked)
    assert any(
        "The pip that comes with Python" in one for one in guidance(tool, locks_tool=True).notes
    )
    assert not any(f"{tool} itself" in one for one in locked)


# --- No Django -----------------------------------------------------------------------------------
@pytest.mark.parametrize(("tool", "platform"), EVERY)
def test_what_is_no_django_site_runs_no_manage_py(tool: str, platform: str) -> None:
    found = guidance(tool, platform, is_django=False, locks_tool=True)

    text = "\n".join([*found.files.values(), *(step.command for step in found.update)])
    assert "manage.py" not in text
    assert "static" not in text
    assert "commands = python -m pytest\n" in found.files["tox.ini"]
    if platform == "upsun-fixed":
        app = yaml.safe_load(found.files[".platform.app.yaml"])
        assert list(app["hooks"]) == ["build"]
        assert app["web"]["locations"] == {"/": {"passthru": True}}


# --- The command of tox, the base image ----------------------------------------------------------
@pytest.mark.parametrize("tool", TOOLS)
def test_tox_runs_the_command_that_is_named(tool: str) -> None:
    found = guidance(tool, test_command="python -m unittest discover -s tests")

    assert found.files["tox.ini"].endswith("\ncommands = python -m unittest discover -s tests\n")


def test_both_stages_start_from_the_image_that_is_named() -> None:
    image = f"registry.example.org/python:3.13-slim@sha256:{DIGEST}"

    found = guidance("uv", "docker", base_image=image)

    assert f"\nARG BASE={image}\n" in found.files["Dockerfile"]
    assert found.files["Dockerfile"].count("FROM ${BASE}") == 2
    text = " ".join([found.files["Dockerfile"], *found.notes])
    assert "digest" not in text
    assert "pin it by its digest" in guidance("uv", "docker").files["Dockerfile"]


@pytest.mark.parametrize(
    ("image", "has"),
    [
        ("python:3.12-slim", "3.12"),
        ("python:3.1", "3.1"),
        ("registry.example.org:5000/library/python:3.12.4-slim-trixie", "3.12"),
        ("registry.example.org/uv:python3.14-trixie-slim", "3.14"),
        ("python:3.13-slim", ""),
        ("python:3.13.1", ""),
        ("python:3-slim", ""),
        ("registry.example.org/our-base:2026.1", ""),
        ("registry.example.org/python", ""),
    ],
)
def test_an_image_that_says_it_has_another_python_is_refused(image: str, has: str) -> None:
    name = f"{image}@sha256:{DIGEST}"
    if not has:
        assert (
            f"ARG BASE={name}\n" in guidance("pip", "docker", base_image=name).files["Dockerfile"]
        )
        return

    with pytest.raises(CannotGenerate) as refused:
        guidance("pip", "docker", base_image=name)

    assert str(refused.value) == (
        f"The base image {name} has Python {has}, and the locks are for Python 3.13. Choose an "
        f"image with 3.13, or the Python {has}."
    )
    assert guidance("pip", "server", base_image=name)


# --- pylock.toml ---------------------------------------------------------------------------------
@pytest.mark.parametrize("platform", PLATFORMS)
def test_pip_installs_pylock_where_that_is_asked_for(platform: str) -> None:
    found = guidance("pip", platform, installs_pylock=True)
    build = build_of(found)

    assert f"{INSTALL} pylock.toml" in build
    assert "main.txt" not in build
    assert "--no-index --dry-run -r requirements/main.in" in build
    assert "    -r pylock.toml\n    -r pylock.dev.toml\n" in found.files["tox.ini"]
    assert ("COPY pylock.toml ./\n" in build) == (platform == "docker")
    commands = [step.command for step in found.lock]
    assert [one.split(" -o ")[1] for one in commands if " -o " in one] == [
        "requirements/main.txt requirements/main.in",
        "requirements/dev.txt requirements/dev.in",
        "pylock.toml requirements/main.in",
        "pylock.dev.toml requirements/dev.in",
    ]
    assert any("experimental" in note for note in found.notes)
    assert any("26.1 cannot read" in note for note in found.notes)
    assert found.requirements[-1].command.endswith("-r pylock.toml")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        *(
            ({"tool": tool, "installs_pylock": True}, f"{tool} does not install pylock.toml")
            for tool in TOOLS
            if tool != "pip"
        ),
        (
            {"tool": "pip", "installs_pylock": True, "versions": {**CHECKED, "pip": "25.3"}},
            "pip 25.3 cannot read pylock.toml. Take 26.1 or a newer one",
        ),
        ({"test_command": "python -m pytest $PORT"}, "tox runs its command without a shell"),
    ],
)
def test_what_no_tool_does_is_refused(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(CannotGenerate) as refused:
        guidance(**values)  # type: ignore[arg-type]

    assert sentence in str(refused.value)


# --- Addresses with signs that a shell, YAML or Docker gives a meaning ---------------------------
@pytest.mark.parametrize(("tool", "platform"), EVERY)
def test_the_address_of_the_index_is_the_same_in_every_file(tool: str, platform: str) -> None:
    url = "https://[::1]:8443/a%20b/~x,y=z@1+2/simple/"
    found = guidance(tool, platform, index_url=url, locks_tool=True)
    build = build_of(found)

    if platform == "docker":
        assert json.dumps(url) in build
    elif platform == "server":
        assert f"export PIP_INDEX_URL='{url}'\n" in build
    else:
        content = yaml.safe_load(build)
        app = content if platform == "upsun-fixed" else content["applications"]["shop"]
        assert app["variables"]["env"]["PIP_INDEX_URL"] == url
    for step in (*found.lock, *found.update):
        assert url not in step.command or f"'{url}'" in step.command
    assert generate(replace(found.choice)) == found
