"""
The ten mistakes of published instructions (docs/linting.md has the list), each in whole files.

The files are written after what the pages told people to write, with an application of our own.
"""

import json
import re
from pathlib import Path

import pytest

from integrations.policy.linting import RULES, lint
from integrations.policy.linting.tools import TOO_OLD
from portal.guidance.generating.choice import TOO_OLD_FROM_3_12

FIXED, FLEX = ".platform.app.yaml", ".upsun/config.yaml"
SHA = f"sha256:{'0' * 64}"

PIP_ON_FIXED = """\
name: shop
type: 'python:3.14'
variables:
  env:
    PIP_VERSION: 22.3.1
hooks:
  build: |
    set -eu
    python3.14 -m pip install pip==$PIP_VERSION
    pip install -r requirements.txt
web:
  commands:
    start: gunicorn -b unix:$SOCKET shop.wsgi:application
  upstream:
    socket_family: unix
"""
PIPENV_ON_FIXED = """\
name: shop
type: 'python:3.13'
dependencies:
  python3:
    pipenv: '2022.12.19'
hooks:
  build: |
    set -eu
    pipenv install --deploy
"""
PIPENV_ON_FLEX = """\
applications:
  shop:
    type: 'python:3.12'
    source:
      root: /
    dependencies:
      python3:
        pipenv: '2024.4.1'
    hooks:
      build: |
        set -eu
        pipenv install --deploy
"""
POETRY_ON_FLEX = """\
applications:
  shop:
    type: 'python:3.14'
    source:
      root: /
    dependencies:
      python3:
        poetry: '>=1.8'
       variables:
         env:
           POETRY_VIRTUALENVS_IN_PROJECT: 'true'
    hooks:
      build: |
        poetry install
"""
POETRY_ON_FIXED = """\
name: shop
type: 'python:3.13'
dependencies:
  python3:
    poetry: '>=1.8'
variables:
  env:
    POETRY_VIRTUALENVS_IN_PROJECT: 'true'
    POETRY_VIRTUALENVS_CREATE: 'true'
hooks:
  build: |
    set -eu
    poetry install
"""
ENVIRONMENT = """\
# Poetry was installed into the home folder.
if [ -n "$POETRY_VERSION" ]; then
    export PATH="/app/.local/bin:$PATH"
fi
"""
POETRY_FOR_DJANGO = """\
name: shop
type: 'python:3.13'
variables:
  env:
    POETRY_VIRTUALENVS_IN_PROJECT: 'true'
    POETRY_VIRTUALENVS_CREATE: 'false'
hooks:
  build: |
    set -eu
    python3.13 -m venv "$HOME/poetry"
    "$HOME/poetry/bin/pip" install "poetry==$POETRY_VERSION"
    "$HOME/poetry/bin/poetry" check --lock
    "$HOME/poetry/bin/poetry" sync --only main --no-root
    python3.13 manage.py collectstatic --noinput
"""
UV_ON_FLEX = """\
applications:
  shop:
    type: 'python:3.13'
    dependencies:
      python3:
        uv: '0.13.8'
    variables:
      env:
        uv_CACHE_DIR: /tmp/uv
    hooks:
      build: |
        set -eu
        uv sync --locked --no-dev
    web:
      commands:
        start: uv run --no-sync chroma run --port $PORT
"""
DAPHNE_ON_FLEX = """\
applications:
  shop:
    type: 'python:3.13'
    dependencies:
      python3:
        poetry: '2.5.1'
    hooks:
      build: |
        set -eu
        poetry check --lock
        poetry sync --only main --no-root
    web:
      upstream:
        socket_family: unix
      commands:
        start: poetry run -u $SOCKET shop.asgi:application
"""
UWSGI_ON_FIXED = """\
name: shop
type: 'python:3.13'
dependencies:
  python3:
    pipenv: '2026.10.3'
hooks:
  build: |
    set -eu
    pipenv verify
    pipenv sync
web:
  commands:
    start: .venv/bin/uwsgi conf/uwsgi.ini
"""
DJANGO_ON_FLEX = """\
applications:
  shop:
    type: 'python:3.13'
    dependencies:
      python3:
        uv: '0.13.8'
    hooks:
      build: |
        set -eu
        uv sync --locked --no-dev
      deploy: |
        set -eu
        .venv/bin/python manage.py collectstatic --noinput
        .venv/bin/python manage.py migrate --noinput
    mounts:
      media:
        source: local
        source_path: media
"""
BROKEN_LOCK = json.dumps(
    {
        "_meta": {"hash": {"sha256": "0" * 64}, "pipfile-spec": 6},
        "default": {"rsfoo": {"hashes": [SHA], "version": "==2.0"}},
        "develop": {
            "rsdev": {"hashes": [SHA], "version": "==1.0"},
            "rsfoo": {"hashes": [SHA], "version": "==2.0"},
        },
    },
    indent=4,
)
RSDEV = "Metadata-Version: 2.1\nName: rsdev\nVersion: 1.0\nRequires-Dist: rsfoo<2\n"

# Heading, files by path, and what must be found: path, line, rule.
TEN: tuple[tuple[str, dict[str, str], set[tuple[str, int, str]]], ...] = (
    ("1 pip 22.3.1 on Python 3.14", {FIXED: PIP_ON_FIXED}, {(FIXED, 5, "tool-too-old")}),
    ("2 Pipenv 2022.12.19 on 3.13", {FIXED: PIPENV_ON_FIXED}, {(FIXED, 5, "tool-too-old")}),
    ("3 a Pipenv of 2022", {FIXED: PIPENV_ON_FIXED}, {(FIXED, 5, "pipenv-disagrees")}),
    ("3 a Pipenv of 2024", {FLEX: PIPENV_ON_FLEX}, {(FLEX, 8, "pipenv-disagrees")}),
    (
        "3 the lock that both write",
        {"Pipfile.lock": BROKEN_LOCK, "rsdev-1.0.dist-info/METADATA": RSDEV},
        {("Pipfile.lock", 23, "violated")},
    ),
    ("4 no YAML", {FLEX: POETRY_ON_FLEX}, {(FLEX, 9, "unreadable")}),
    (
        "5 a bound as a pin, and plain poetry install",
        {FIXED: POETRY_ON_FIXED},
        {
            (FIXED, 5, "tool-unpinned"),
            (FIXED, 13, "poetry-unchecked"),
            (FIXED, 13, "poetry-root"),
            (FIXED, 13, "development-in-production"),
        },
    ),
    (
        "6 a test of POETRY_VERSION",
        {FIXED: POETRY_ON_FIXED, ".environment": ENVIRONMENT},
        {(".environment", 2, "unset-variable")},
    ),
    (
        "7 set -u and POETRY_VERSION",
        {FIXED: POETRY_FOR_DJANGO},
        {(FIXED, 11, "unset-variable")},
    ),
    ("7 CREATE is false", {FIXED: POETRY_FOR_DJANGO}, {(FIXED, 6, "no-virtualenv")}),
    ("7 IN_PROJECT is true and does nothing", {FIXED: POETRY_FOR_DJANGO},
     {(FIXED, 5, "no-virtualenv")}),
    ("7 poetry sync in the interpreter", {FIXED: POETRY_FOR_DJANGO},
     {(FIXED, 13, "no-virtualenv")}),
    (
        "8 uv_CACHE_DIR, and uv run on a tree that is read-only",
        {FLEX: UV_ON_FLEX},
        {(FLEX, 9, "variable-name"), (FLEX, 16, "uv-run-read-only")},
    ),
    ("9 no daphne", {FLEX: DAPHNE_ON_FLEX}, {(FLEX, 16, "no-program")}),
    (
        "9 conf and config",
        {FIXED: UWSGI_ON_FIXED, "config/uwsgi.ini": "[uwsgi]\n"},
        {(FIXED, 13, "path-elsewhere")},
    ),
    ("10 a mount of local", {FLEX: DJANGO_ON_FLEX}, {(FLEX, 17, "mount-source")}),
    ("10 collectstatic in deploy", {FLEX: DJANGO_ON_FLEX}, {(FLEX, 13, "writes-in-deploy")}),
)  # fmt: skip


@pytest.mark.parametrize(("files", "expected"), [c[1:] for c in TEN], ids=[c[0] for c in TEN])
def test_the_mistake_is_found_in_a_whole_file(
    files: dict[str, str], expected: set[tuple[str, int, str]]
) -> None:
    found = {(one.path, one.line, one.rule) for one in lint(files)}

    assert expected - found == set()


DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "linting.md"


def test_the_documents_say_which_rules_find_each_of_the_ten() -> None:
    told: dict[int, set[str]] = {}
    for row in re.findall(r"^\| (\d+) \|.*\| (.+?) \|$", DOCUMENT.read_text(), re.MULTILINE):
        told[int(row[0])] = set(re.findall(r"`([\w-]+)`", row[1]))
    found: dict[int, set[str]] = {}
    for heading, _, expected in TEN:
        found.setdefault(int(heading.split()[0]), set()).update(rule for *_, rule in expected)

    assert told == found
    assert list(found) == list(range(1, 11))
    assert set().union(*found.values()) <= set(RULES)


def test_the_generator_and_the_linter_know_the_same_old_tools() -> None:
    assert TOO_OLD == TOO_OLD_FROM_3_12
