"""What teams copy into their CI does what it says."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from portal.home.snippets import SCRIPT, offline_step, online_step
from tests.checking.makers import FRAME, a_file
from tests.support.processes import ROOT

EDITED = a_file().replace("redis==5.0", "redis==6.0")


def run(script: str, folder: Path, *files: str) -> tuple[int, str]:
    """Run it as CI does: by a Python that knows nothing of the portal."""
    (folder / "step.py").write_text(script)
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", "step.py", *files],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        pytest.param(a_file(), 0, "No generated region was edited in tox.ini.", id="current"),
        pytest.param(
            "\ufeff" + a_file().replace("\n", "\r\n"), 0, "No generated region", id="Windows"
        ),
        pytest.param(EDITED, 1, 'tox.ini:16: "deps" was edited, up to line 26.', id="edited"),
        pytest.param(FRAME, 1, "tox.ini: nothing was compared", id="nothing generated"),
        pytest.param("[tox]\n", 1, "tox.ini: nothing was compared", id="another file"),
        pytest.param("# END GENERATED: deps\n", 1, "tox.ini:1: # END", id="an END alone"),
        pytest.param("# BEGIN GENERATED: deps\n", 1, 'tox.ini:1: "deps" has no END.', id="no END"),
    ],
)
def test_the_step_that_needs_nothing_but_python(
    text: str, code: int, said: str, tmp_path: Path
) -> None:
    (tmp_path / "tox.ini").write_bytes(text.encode())
    (step,) = yaml.safe_load(offline_step())

    found = run(step["run"], tmp_path)

    assert step["shell"] == "python"
    assert found[0] == code
    assert said in found[1]


def test_the_script_takes_the_names_of_files(tmp_path: Path) -> None:
    (tmp_path / "one.ini").write_text(a_file())
    (tmp_path / "two.ini").write_text(EDITED)

    assert run(SCRIPT.read_text(), tmp_path, "one.ini")[0] == 0
    code, said = run(SCRIPT.read_text(), tmp_path, "one.ini", "two.ini")
    assert (code, said.count("\n")) == (1, 1)


def test_the_document_shows_both_steps() -> None:
    text = (ROOT / "docs" / "checking-files.md").read_text()

    assert offline_step() in text
    assert online_step("https://portal.example.org/sdks/example-sdk/check/") in text
