"""A verdict says no more than the files do."""

import json

import pytest
from django.template.loader import render_to_string

from integrations.policy.linting import examine
from portal.guidance.linting import is_clean, verdict_of
from tests.linting.test_locks import SHA, UV, forked_txt

METADATA = "Metadata-Version: 2.1\nName: rsdev\nVersion: 1.0\nRequires-Dist: rsfoo{}\n"


def pipfile_lock(**develop: str) -> str:
    """Production has rsfoo 2.0; *develop* says what development has."""

    def entries(pins: dict[str, str]) -> dict[str, object]:
        return {name: {"version": f"=={pins[name]}", "hashes": [SHA]} for name in pins}

    meta = {"hash": {"sha256": "0" * 64}}
    sets = {"default": entries({"rsfoo": "2.0"}), "develop": entries(develop)}
    return json.dumps({"_meta": meta, **sets}, indent=4)


PIPENV = pipfile_lock(rsdev="1.0", rsfoo="2.0")
OF_PIPENV = (
    "What is not in these files: whether Pipfile.lock has a release beside rsdev 1.0 that they do "
    "not allow. It does not say what releases ask for: send their METADATA files with it."
)
OF_UV = (
    "What is not in these files: whether uv.lock holds production back because of rsdev 1.0. It "
    "has one resolution of all sets, without bounds: send the main set locked alone "
    "(requirements/main.txt), or METADATA files."
)


@pytest.mark.parametrize(
    ("files", "told"),
    [
        pytest.param({"Pipfile.lock": PIPENV}, [OF_PIPENV], id="Pipenv"),
        pytest.param({"uv.lock": UV}, [OF_UV], id="uv"),
        pytest.param(
            {"Pipfile.lock": PIPENV, "rsdev-1.0.dist-info/METADATA": METADATA.format("")},
            [],
            id="Pipenv with METADATA",
        ),
        pytest.param(
            {"uv.lock": UV, "rsdev-1.0.dist-info/METADATA": METADATA.format("")},
            [],
            id="uv with METADATA",
        ),
        pytest.param(
            {"uv.lock": UV, "requirements/main.txt": forked_txt(v1="os_name == 'posix'")},
            [],
            id="uv with main alone",
        ),
        pytest.param({"Pipfile.lock": pipfile_lock(rsfoo="2.0")}, [], id="nothing but production"),
        pytest.param({"main.txt": forked_txt(v1="os_name == 'posix'")}, [], id="requirements"),
    ],
)
def test_what_the_files_cannot_show_is_told(files: dict[str, str], told: list[str]) -> None:
    assert list(examine(files).untold) == told


@pytest.mark.parametrize("files", [{"Pipfile.lock": PIPENV}, {"uv.lock": UV}], ids=["Pipenv", "uv"])
def test_the_verdict_is_not_that_all_is_well(files: dict[str, str]) -> None:
    report = examine(files)

    assert report.findings == ()
    assert verdict_of(report, []).startswith("No findings in 1 file, as far as they tell; read: ")
    assert not is_clean(report, [])
    page = render_to_string("guidance/_lint_report.html", {"report": report})
    assert f"</span> {report.untold[0]}</p>" in page


def test_what_was_not_in_the_files_is_found_with_metadata() -> None:
    files = {"Pipfile.lock": PIPENV, "rsdev-1.0.dist-info/METADATA": METADATA.format("<2")}

    assert [one.rule for one in examine(files).findings] == ["violated"]
