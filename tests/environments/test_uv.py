"""What uv is asked and what it sees, with the real uv against an index on the loopback."""

import dataclasses
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from integrations.index.address import logins
from matrix.environments.explaining import Failure, Unresolved
from matrix.environments.uv import Resolved, Uv, arguments, resolve
from matrix.environments.workspace import environment
from matrix.rules.facts import Python
from tests.environments.makers import a_request, by_hand, few_projects
from tests.support.http_server import Response
from tests.support.processes import ROOT
from tests.support.small_index import SmallIndex

CERTIFICATES = ROOT / "tests" / "data" / "tls"
CUT = datetime(2026, 2, 1, tzinfo=UTC)


def pins(outcome: object) -> tuple[str, ...]:
    assert isinstance(outcome, Resolved), outcome
    return outcome.pins


def refusal(outcome: object) -> Unresolved:
    assert isinstance(outcome, Unresolved), outcome
    return outcome


# --- Pins ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("values", "options"),
    [
        ({}, ["--python-version", "3.12.16"]),
        ({"python": Python(9)}, ["--python-version", "3.9.25"]),
        ({"python": Python(14, free_threaded=True)}, ["--python-version", "3.14.10"]),
        ({"allows_prereleases": True}, ["--python-version", "3.12.16", "--prerelease", "allow"]),
        (
            {"exclude_newer": CUT},
            ["--python-version", "3.12.16", "--exclude-newer", "2026-02-01T00:00:00Z"],
        ),
        (
            {"exclude_newer": CUT, "exclude_newer_projects": (("anyio", CUT.replace(month=9)),)},
            [
                *("--python-version", "3.12.16", "--exclude-newer", "2026-02-01T00:00:00Z"),
                *("--exclude-newer-package", "anyio=2026-09-01T00:00:00Z"),
            ],
        ),
    ],
    ids=["plain", "old Python", "without a GIL", "prereleases", "cut-off", "bypass"],
)
def test_the_pins_are_those_of_uv_by_hand(
    values: dict[str, Any], options: list[str], index: SmallIndex, uv: Uv, tmp_path: Path
) -> None:
    index.add("anyio", "4.10.0", uploaded_at="2026-02-05T12:00:00Z")
    index.add("anyio", "4.11.0rc1")
    index.add("anyio", "4.9.5", requires_python=">=3.9.2,<3.13")
    index.add("trio", "0.30", requires=["anyio; python_version >= '3.10'"])

    outcome = resolve(a_request(index.url, "httpx", "trio", **values), uv)

    platform = ["--python-platform", "x86_64-manylinux_2_28"]
    plain = by_hand(tmp_path, index.url, ["httpx", "trio"], *platform, *options)
    assert pins(outcome) == tuple(plain.split())


def test_a_python_stands_for_its_newest_patch_release(index: SmallIndex, uv: Uv) -> None:
    index.add("trio", "1", requires_python=">=3.9")
    index.add("trio", "2", requires_python=">=3.9,!=3.9.0,!=3.9.1")

    assert pins(resolve(a_request(index.url, "trio", python=Python(9)), uv)) == ("trio==2",)


def test_nothing_at_all_is_resolved_to_nothing_at_all(index: SmallIndex, uv: Uv) -> None:
    request = a_request(index.url, "httpx; python_version < '3'")

    assert pins(resolve(request, uv)) == ()


def test_preferred_pins_are_kept_where_they_can_be(index: SmallIndex, uv: Uv) -> None:
    preferences = ("anyio==4.8.0", "gone==1")

    kept = resolve(a_request(index.url, "httpx", preferences=preferences), uv)
    moved = resolve(a_request(index.url, "httpx", "anyio>4.8", preferences=preferences), uv)

    assert pins(kept) == ("anyio==4.8.0", "httpx==0.28.1")
    assert pins(moved) == ("anyio==4.9.0", "httpx==0.28.1")


def test_constraints_hold_for_what_is_pulled_in(index: SmallIndex, uv: Uv) -> None:
    request = a_request(index.url, "httpx", constraints=("anyio!=4.9.0", "trio<1"))

    assert pins(resolve(request, uv)) == ("anyio==4.8.0", "httpx==0.28.1")


def test_prereleases_are_taken_only_where_they_are_allowed(index: SmallIndex, uv: Uv) -> None:
    index.add("anyio", "5.0rc1")

    assert "anyio==4.9.0" in pins(resolve(a_request(index.url, "httpx"), uv))
    allowed = a_request(index.url, "httpx", allows_prereleases=True)
    assert "anyio==5.0rc1" in pins(resolve(allowed, uv))


def test_pages_are_asked_for_once_in_ten_minutes_and_metadata_once(
    index: SmallIndex, uv: Uv
) -> None:
    resolve(a_request(index.url, "httpx"), uv)
    asked = len(index.requests)

    resolve(a_request(index.url, "httpx", python=Python(13)), uv)

    assert len(index.requests) == asked


def test_nothing_stays_behind_but_the_cache(index: SmallIndex, uv: Uv, tmp_path: Path) -> None:
    resolve(a_request(index.url), uv)

    assert sorted(tmp_path.iterdir()) == [uv.cache, uv.runs]
    assert list(uv.runs.iterdir()) == []


# --- The host ------------------------------------------------------------------------------------
def test_nothing_of_the_hosts_configuration_leaks_in(
    index: SmallIndex, uv: Uv, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hostile = tmp_path / "hostile"
    hostile.mkdir()
    wrong = "http://127.0.0.1:9/simple/"
    toml = f'index-url = "{wrong}"\noffline = true\nresolution = "lowest"\n'
    for path, text in {
        "uv.toml": toml,
        "uv/uv.toml": toml,
        ".config/uv/uv.toml": toml,
        "pyproject.toml": f"[tool.uv]\n{toml}constraint-dependencies = ['anyio<4.9']\n",
        "pip.conf": f"[global]\nindex-url = {wrong}\nno-index = true\n",
        ".config/pip/pip.conf": f"[global]\nindex-url = {wrong}\n",
        ".netrc": "machine 127.0.0.1 login thief password stolen\n",
        "limits.txt": "anyio==4.8.0\n",
        ".python-version": "2.7\n",
        ".env": f"UV_INDEX_URL={wrong}\n",
    }.items():
        target = hostile / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    for name, value in {
        "HOME": str(hostile),
        "XDG_CONFIG_HOME": str(hostile),
        "XDG_CONFIG_DIRS": str(hostile),
        "NETRC": str(hostile / ".netrc"),
        "PIP_CONFIG_FILE": str(hostile / "pip.conf"),
        **dict.fromkeys(("PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX"), wrong),
        **dict.fromkeys(("UV_CONSTRAINT", "PIP_CONSTRAINT"), str(hostile / "limits.txt")),
        "UV_OVERRIDE": str(hostile / "limits.txt"),
        "UV_CONFIG_FILE": str(hostile / "uv.toml"),
        "UV_CACHE_DIR": str(hostile / "cache"),
        "UV_RESOLUTION": "lowest",
        "UV_PRERELEASE": "allow",
        "UV_EXCLUDE_NEWER": "2001-01-01T00:00:00Z",
        "UV_OFFLINE": "1",
        "UV_NO_BINARY": "1",
        "UV_PYTHON": "2.7",
        "UV_WORKING_DIR": str(hostile),
        "VIRTUAL_ENV": str(hostile),
        "CONDA_PREFIX": str(hostile),
        "PYTHONPATH": str(hostile),
        "PYTHONHOME": str(hostile),
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(hostile)
    index.add("anyio", "5.0rc1")

    outcome = resolve(a_request(index.url), uv)

    assert pins(outcome) == ("anyio==4.9.0", "httpx==0.28.1")
    assert not any("authorization" in request.headers for request in index.requests)
    assert not (hostile / "cache").exists()
    assert fails_by_itself(uv)  # It is a host on which uv gets nowhere.


def fails_by_itself(uv: Uv) -> bool:
    command = [uv.binary, "pip", "compile", "-", "-q"]
    done = subprocess.run(command, input="httpx", text=True, capture_output=True, check=False)
    return done.returncode != 0


def test_trust_and_way_pass_and_nothing_else(tmp_path: Path) -> None:
    trust_and_way = {
        "SSL_CERT_FILE": "/etc/company.pem",
        "SSL_CERT_DIR": "/etc/certificates",
        "HTTPS_PROXY": "http://proxy.test:3128",
        "https_proxy": "http://proxy.test:3128",
        "NO_PROXY": "localhost",
    }
    host = {**trust_and_way, "PATH": "/usr/bin", "UV_OFFLINE": "1", "PIP_NO_INDEX": "1"}
    host |= {"PYTHONPATH": "/x", "VIRTUAL_ENV": "/x", "PORTAL_SECRET_KEY": "s", "HTTP_PROXY": ""}

    seen = environment(tmp_path, a_request("http://one.test/simple/"), host, {})

    assert seen == {
        **trust_and_way,
        "HOME": str(tmp_path),
        "TMPDIR": str(tmp_path),
        "LC_ALL": "C.UTF-8",
        "UV_HTTP_TIMEOUT": "20",
        "UV_KEYRING_PROVIDER": "disabled",
        "PYTHONHOME": str(tmp_path / "no-builds-here"),
    }


def test_the_proxy_is_the_way_to_the_index(
    index: SmallIndex, uv: Uv, monkeypatch: pytest.MonkeyPatch
) -> None:
    index.handler = lambda _: Response(status=404, body=b"This is the proxy.")
    monkeypatch.setenv("HTTP_PROXY", index.root)

    resolve(a_request("http://index.test/simple/", "httpx"), uv)

    assert index.paths == ["http://index.test/simple/httpx/"]


def test_credentials_reach_the_index_and_no_command_line(
    index: SmallIndex, uv: Uv, settings: Settings
) -> None:
    settings.PORTAL_INDEX_CREDENTIALS = [
        index.root.replace("://", "://reader:s3cret@"),
        "http://other:word@127.0.0.2/",
    ]
    request = a_request(index.url)

    assert pins(resolve(request, uv)) == ("anyio==4.9.0", "httpx==0.28.1")
    assert {one.headers["authorization"] for one in index.requests} == {
        "Basic cmVhZGVyOnMzY3JldA=="
    }
    assert "s3cret" not in " ".join(arguments(uv, request))


def test_credentials_of_another_server_stay_here(tmp_path: Path) -> None:
    other = logins(["http://reader:s3cret@other.test/"])

    seen = environment(tmp_path, a_request("http://one.test/simple/"), {}, other)

    assert not [name for name in seen if name.endswith(("USERNAME", "PASSWORD"))]


def test_the_flags_are_those_that_were_found_by_measuring(uv: Uv) -> None:
    plain = arguments(uv, a_request("http://one.test/simple/"))

    assert plain[1:] == [
        *("pip", "compile", "requirements.in", "-o", "pins.txt", "-c", "constraints.txt"),
        *("--config-file", "uv.toml", "--cache-dir", str(uv.cache)),
        *("-p", sys.executable, "--no-python-downloads", "--python-version", "3.12.16"),
        *("--python-platform", "x86_64-manylinux_2_28", "--no-annotate", "--no-header", "-q"),
        *("--color", "never", "--system-certs"),
    ]
    assert "--no-build" not in plain


# --- Trust ---------------------------------------------------------------------------------------
@pytest.fixture
def trusted_by_few() -> Iterator[SmallIndex]:
    """An index whose certificate only ``tests/data/tls/authority.pem`` vouches for."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATES / "server.pem")
    with SmallIndex(tls=tls) as server:
        few_projects(server)
        yield server


def test_missing_trust_is_said_at_once(trusted_by_few: SmallIndex, uv: Uv) -> None:
    began = time.monotonic()

    why = refusal(resolve(a_request(trusted_by_few.url), dataclasses.replace(uv, retries=3)))

    assert time.monotonic() - began < 3  # The retries alone would take seven.
    assert why.kind is Failure.NO_TRUST
    assert why.problem.startswith(
        "This machine does not trust the certificate of the index, or of a proxy on the way. "
        "Install the certificate of its authority, or name the file in SSL_CERT_FILE.\n"
    )
    assert why.is_transient


def test_the_authority_that_the_host_names_is_trusted(
    trusted_by_few: SmallIndex, uv: Uv, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATES / "authority.pem"))

    assert "anyio==4.9.0" in pins(resolve(a_request(trusted_by_few.url), uv))


# --- What goes wrong -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("requirements", "kind", "sentence"),
    [
        (["httpx", "nope"], Failure.NOT_FOUND, "The index has no project named nope."),
        (
            ["httpx", "anyio>9"],
            Failure.UNSATISFIABLE,
            "No set of releases satisfies all requirements.",
        ),
        (["httpx ===="], Failure.BAD_REQUEST, "uv cannot read what it was asked."),
    ],
    ids=["unknown project", "no such release", "no requirement"],
)
def test_what_lies_in_the_requirements_is_said_first_and_is_not_tried_again(
    requirements: list[str], kind: Failure, sentence: str, index: SmallIndex, uv: Uv
) -> None:
    why = refusal(resolve(a_request(index.url, *requirements), uv))

    assert (why.kind, why.problem.splitlines()[0]) == (kind, sentence)
    assert len(why.problem.splitlines()) > 1
    assert not why.is_transient


def test_the_explanation_of_uv_follows_without_its_marks(index: SmallIndex, uv: Uv) -> None:
    why = refusal(resolve(a_request(index.url, "httpx", "anyio>9"), uv))

    assert why.problem == (
        "No set of releases satisfies all requirements.\n"
        "No solution found when resolving dependencies\n"
        "Because only anyio<=4.9.0 is available and you require anyio>9, we can conclude that "
        "your requirements are unsatisfiable."
    )


@pytest.mark.parametrize("status", [401, 403], ids=["who are you", "not for you"])
def test_a_refusal_of_the_index_is_not_taken_for_a_missing_project(
    status: int, index: SmallIndex, uv: Uv
) -> None:
    index.broken["/simple/httpx/"] = status

    why = refusal(resolve(a_request(index.url), uv))

    assert (why.kind, why.is_transient) == (Failure.REFUSED, True)
    assert why.problem.startswith(f"The index refuses to answer ({status} ")


def test_credentials_stand_in_no_explanation(index: SmallIndex, uv: Uv, settings: Settings) -> None:
    settings.PORTAL_INDEX_CREDENTIALS = [index.root.replace("://", "://reader:s3cret@")]
    index.broken["/simple/httpx/"] = 401

    assert "s3cret" not in refusal(resolve(a_request(index.url), uv)).problem


def test_an_error_of_the_index_is_no_fact_about_the_environment(index: SmallIndex, uv: Uv) -> None:
    index.broken["/simple/anyio/"] = 500

    why = refusal(resolve(a_request(index.url), uv))

    assert (why.kind, why.is_transient) == (Failure.UNREACHABLE, True)
    del index.broken["/simple/anyio/"]
    assert "anyio==4.9.0" in pins(resolve(a_request(index.url), uv))


def test_an_address_that_is_none_is_refused_before_uv_starts(uv: Uv) -> None:
    why = refusal(resolve(a_request("http://one.test/\nsimple/"), uv))

    assert why.kind is Failure.BAD_REQUEST
    assert why.problem.startswith("The address 'http://one.test/\\nsimple/' of an index")
