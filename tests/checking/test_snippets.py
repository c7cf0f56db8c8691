"""What teams copy into their CI does what it says."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.apps import apps
from pytest_django.live_server_helper import LiveServer

from integrations.catalogue.models import Sdk
from matrix.rules.rendering import TOX_INI
from portal.accounts.groups import GROUPS, grant
from portal.home.snippets import SCRIPT, offline_step, online_step
from tests.accounts.makers import a_token
from tests.checking.makers import FRAME, a_file
from tests.checking.test_check import publish
from tests.sdk.makers import an_sdk
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


SPY = """#!/bin/sh
printf '%s\\n' "$@" >> "$SPIED"
exec {curl} "$@"
"""


@pytest.fixture
def curl(tmp_path: Path) -> dict[str, str]:
    """An environment whose curl writes down what stands on its command line."""
    found = shutil.which("curl")
    if found is None:
        pytest.skip("needs curl: apt-get install curl")
    spy = tmp_path / "bin" / "curl"
    spy.parent.mkdir()
    spy.write_text(SPY.format(curl=found))
    spy.chmod(0o755)
    return {"PATH": f"{spy.parent}:/usr/bin:/bin", "SPIED": str(tmp_path / "spied")}


def ask(step: str, folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Run the step as GitHub does where nothing says which shell."""
    (found,) = yaml.safe_load(step)
    command = ["bash", "-e", "-c", found["run"]]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.django_db(transaction=True)
@pytest.mark.slow
def test_the_step_that_asks_the_portal(
    live_server: LiveServer, tmp_path: Path, curl: dict[str, str]
) -> None:
    grant(apps, GROUPS)
    publish("kit", {TOX_INI: a_file()})
    sdk = an_sdk()
    secret = a_token("kit").secret
    address = f"{live_server.url}/sdks/kit/check/"
    step, public = (online_step(address, is_public=each) for each in (False, True))
    tox = tmp_path / "tox.ini"
    tox.write_text(a_file())

    code, said = ask(step, tmp_path, {**curl, "PORTAL_TOKEN": secret})
    assert (code, said.split("\n")[0]) == (0, "Matches publication 1, which is current.")
    tox.write_text(EDITED)
    code, said = ask(step, tmp_path, {**curl, "PORTAL_TOKEN": secret})
    assert code == 22  # As curl says that the server refused.
    assert "Differs in 1 place from publication 1" in said
    for without in ({}, {"PORTAL_TOKEN": ""}):
        code, said = ask(step, tmp_path, {**curl, **without})
        assert code == 22
        assert "Is the variable with the token set in this job?" in said
    Sdk.objects.filter(pk=sdk.pk).update(public_publications=True)
    assert "Differs in 1 place" in ask(public, tmp_path, curl)[1]

    spied = Path(curl["SPIED"]).read_text()
    assert address in spied
    assert "mxp_" not in spied


def test_the_document_shows_all_steps() -> None:
    text = (ROOT / "docs" / "checking-files.md").read_text()
    address = "https://portal.example.org/sdks/example-sdk/check/"

    assert offline_step() in text
    assert online_step(address, is_public=False) in text
    assert online_step(address, is_public=True) in text
