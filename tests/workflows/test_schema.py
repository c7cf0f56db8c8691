"""The published schema of GitHub workflows, as a package of the registry holds it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from matrix.rules.rendering import render_files
from tests.support.parts import a_part, a_row
from tests.workflows.makers import JAVA, POSTGRES, recorded_parts, with_ci
from tests.workflows.test_frames import UPLOAD


def check(*files: Path) -> str:
    """Return what the checker prints; its schema comes with it, so it needs no network."""
    words = ["--builtin-schema", "vendor.github-workflows", *map(str, files)]
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", *words],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "HTTPS_PROXY": "http://127.0.0.1:1", "HTTP_PROXY": "http://127.0.0.1:1"},
    )
    return done.stdout + done.stderr


def put(files: dict[str, str], folder: Path) -> list[Path]:
    for path, text in files.items():
        (folder / Path(path).name).write_text(text, encoding="utf-8", newline="")
    return sorted(folder.glob("*.yml"))


FULL = with_ci(
    "Web",
    runner=("self-hosted", "linux"),
    extra_needs=("coverage",),
    passes_secrets=True,
    services=(JAVA, POSTGRES),
    group_services=(("Web", ("postgres",)),),
    integration_services=(("django", ("java",)),),
)
PARTS = [
    a_part("django", group="Web", rows=[a_row("1.11", "3.6 3.7"), a_row("5.2", "3.12 3.14t")]),
    a_part("flask", group="Web", rows=[a_row("3.1"), a_row("3.2rc1", is_advisory=True)]),
]


@pytest.mark.slow
def test_the_recorded_workflows_follow_the_schema(tmp_path: Path) -> None:
    groups = [part.group for part in recorded_parts()]
    layout = with_ci(*dict.fromkeys(groups), group_services=(("DBs", ("postgres",)),))
    files = put(render_files(layout, recorded_parts()), tmp_path)

    assert len(files) == 15
    assert check(*files) == "ok -- validation done\n"


def test_workflows_with_everything_in_them_follow_the_schema(tmp_path: Path) -> None:
    files = render_files(FULL, PARTS)
    files[".github/workflows/test-integrations-web.yml"] += UPLOAD

    found = put(files, tmp_path)

    assert len(found) == 3
    assert check(*found) == "ok -- validation done\n"


def test_the_checker_finds_what_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "wrong.yml"
    file.write_text("on: push\njobs:\n  tests:\n    runs-on: [1]\n    steps: none\n")

    assert "Schema validation errors were encountered" in check(file)
