"""Generated files of every tool, platform and Python: they parse, and leave nothing open."""

import itertools
import json
import re
import subprocess
import tomllib

import pytest
import yaml

from portal.guidance.generating import CannotGenerate, Choice, Guidance, generate
from portal.guidance.generating.choice import PLATFORMS, TOOLS
from portal.guidance.generating.facts import CHECKED

SETS = {"main": ("django>=5.2,<6", "requests[socks]>=2 ; python_version < '3.15'"), "dev": ("x",)}
EVERY = [
    pytest.param(tool, platform, id=f"{tool} on {platform}")
    for tool, platform in itertools.product(TOOLS, PLATFORMS)
]


def guidance(tool: str = "uv", platform: str = "docker", **values: object) -> Guidance:
    fields = {
        "default_index_url": "https://index.example.org/simple/",
        "application": "shop",
        "python": "3.13",
        "sets": SETS,
        "versions": CHECKED,
        **values,
    }
    return generate(Choice(tool=tool, platform=platform, **fields))  # type: ignore[arg-type]


@pytest.mark.parametrize(("tool", "platform"), EVERY)
def test_every_file_parses_and_pins_what_it_installs(tool: str, platform: str) -> None:
    found = guidance(tool, platform)

    for path, text in found.files.items():
        assert text.endswith("\n")
        assert "latest" not in text
        if path.endswith((".yaml", ".yml")):
            assert isinstance(yaml.safe_load(text), dict)
        if path.endswith(".toml") or path == "Pipfile":
            tomllib.loads(text)
        if path.endswith(".sh") or path == ".environment":
            dash(text)
    for step in found.install:
        dash(step.command)
    assert generate(found.choice) == found


def dash(script: str) -> None:
    """Have dash read *script*; it runs nothing of it."""
    done = subprocess.run(["dash", "-n"], input=script, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("platform", ["upsun-fixed", "upsun-flex"])
def test_an_application_of_upsun_has_the_structure_of_its_product(tool: str, platform: str) -> None:
    found = guidance(tool, platform)

    if platform == "upsun-fixed":
        app = yaml.safe_load(found.files[".platform.app.yaml"])
        assert (app["name"], app["disk"]) == ("shop", 512)
        assert app["mounts"]["media"]["source"] == "local"
    else:
        app = yaml.safe_load(found.files[".upsun/config.yaml"])["applications"]["shop"]
        assert "name" not in app
        assert "disk" not in app
        assert app["mounts"]["media"]["source"] == "storage"
    assert app["type"] == "python:3.13"
    for hook in app["hooks"].values():
        assert hook.startswith("set -eu\n")
        assert "|" not in hook
        dash(hook)
    assert all(
        isinstance(value, str) for value in app.get("variables", {"env": {}})["env"].values()
    )
    tools = app.get("dependencies", {}).get("python3", {})
    assert all(re.fullmatch(r"[0-9][0-9.]*", version) for version in tools.values())
    start = app["web"]["commands"]["start"]
    assert start.startswith(".venv/bin/gunicorn ")
    assert "unix:$SOCKET" in start


@pytest.mark.parametrize("tool", TOOLS)
def test_an_image_is_made_in_two_stages_and_runs_as_nobody(tool: str) -> None:
    text = guidance(tool, "docker", pins={"gunicorn": "27.0.1"}).files["Dockerfile"]

    assert text.count("FROM ${BASE}") == 2
    assert "USER 10001" in text
    (command,) = re.findall(r"^CMD (.*)$", text, flags=re.MULTILINE)
    assert json.loads(command)[:2] == ["/srv/shop/.venv/bin/gunicorn", "--no-control-socket"]


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"tool": "conda"}, '"conda" is no tool.'),
        ({"platform": "moon"}, '"moon" is no platform.'),
        ({"platform": "upsun-flex", "python": "3.9"}, "Upsun has no image for Python 3.9"),
        ({"tool": "pip", "versions": {**CHECKED, "pip": "22.3.1"}}, "pip 22.3.1 does not start"),
        (
            {"tool": "pipenv", "versions": {**CHECKED, "pipenv": "2022.12.19"}},
            "pipenv 2022.12.19 does not start on Python 3.13",
        ),
        ({"versions": {"uv": "*"}}, "No exact version of uv is known for Python 3.13."),
        ({"start_command": "gunicorn --bind $PORT a"}, "A container starts its command without"),
        (
            {"platform": "upsun-fixed", "environment_path": "/app"},
            "The environment at /app would not work on Upsun",
        ),
        (
            {"platform": "upsun-flex", "environment_path": "/opt/env"},
            "only what is below it is deployed",
        ),
        ({"environment_path": "/srv/shop"}, "/srv/shop is the folder of the application"),
        (
            {"platform": "upsun-flex", "start_command": "gunicorn --bind :8000 a"},
            '"gunicorn --bind :8000 a" does not say where it listens.',
        ),
        (
            {"platform": "upsun-fixed", "start_command": "python -m gunicorn a"},
            "add one of them",
        ),
    ],
)
def test_what_cannot_be_repeated_is_refused(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(CannotGenerate) as refused:
        guidance(**values)  # type: ignore[arg-type]

    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    ("command", "platform", "expected"),
    [
        ("gunicorn a:b", "server", "P/bin/gunicorn --bind 127.0.0.1:8000 a:b"),
        ("gunicorn -b :1 a:b", "server", "P/bin/gunicorn -b :1 a:b"),
        ("gunicorn -b:1 a:b", "server", "P/bin/gunicorn -b:1 a:b"),
        ("gunicorn --bind=:1 a:b", "server", "P/bin/gunicorn --bind=:1 a:b"),
        ("gunicorn -u web a:b", "server", "P/bin/gunicorn --bind 127.0.0.1:8000 -u web a:b"),
        ("daphne -p 1 a:b", "server", "P/bin/daphne -p 1 a:b"),
        ("uvicorn a:b", "upsun-fixed", "P/bin/uvicorn --uds $SOCKET a:b"),
        ("uvicorn --port $PORT a:b", "upsun-fixed", "P/bin/uvicorn --port $PORT a:b"),
        ("uvicorn a:b", "docker", "P/bin/uvicorn --host 0.0.0.0 --port 8000 a:b"),
        ("daphne a:b", "upsun-flex", "P/bin/daphne -u $SOCKET a:b"),
        ("python -m http.server", "server", "P/bin/python -m http.server"),
    ],
)
def test_the_start_command_uses_the_environment_and_an_address(
    command: str, platform: str, expected: str
) -> None:
    choice = guidance("pip", platform, start_command=command, environment_path="/app/env").choice

    assert " ".join(choice.program) == expected.replace("P/", "/app/env/")


@pytest.mark.parametrize(
    ("command", "family"),
    [("gunicorn a:b", "unix"), ("gunicorn -b 0.0.0.0:$PORT a:b", "tcp"), ("daphne a:b", "unix")],
)
def test_the_platform_passes_requests_to_what_the_command_listens_on(
    command: str, family: str
) -> None:
    files = guidance("uv", "upsun-fixed", start_command=command).files

    web = yaml.safe_load(files[".platform.app.yaml"])["web"]
    assert web["upstream"] == {"socket_family": family}
