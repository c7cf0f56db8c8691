"""Bundles: all files of a publication or a candidate and their manifest, as bytes that stay."""

import hashlib
import io
import json
import tomllib
import zipfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from matrix.rules.rendering.manifest import GENERATOR, ListedFile, Source, manifest
from matrix.sdk.bundling import zipped

TEXTS = st.dictionaries(
    st.from_regex(r"[a-z]{1,8}(/[a-z]{1,8})?\.(txt|ini)", fullmatch=True), st.text(max_size=50)
)


@given(TEXTS)
def test_a_zip_file_holds_what_it_was_given_whatever_the_order(files: dict[str, str]) -> None:
    body = zipped(files)

    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == sorted(files)
        assert {name: archive.read(name).decode() for name in files} == files
    assert zipped(dict(reversed(files.items()))) == body


def test_the_bytes_of_a_zip_file_never_change() -> None:
    body = zipped({"tox.ini": "[tox]\n", "constraints/a-v1.0-py3.9.txt": "b==1\n"})

    assert hashlib.sha256(body).hexdigest() == (
        "9ecc69c6b44aaf831a59bde4032dd6166d639f42743c9229ed620617ca70954c"
    )


def test_a_zip_file_unpacks_to_files_that_all_may_read() -> None:
    with zipfile.ZipFile(io.BytesIO(zipped({"tox.ini": ""}))) as archive:
        (member,) = archive.infolist()

    assert (oct(member.external_attr >> 16), member.date_time[0]) == ("0o100644", 1980)


def test_a_manifest_lists_the_files_by_path_and_says_where_they_come_from() -> None:
    source = Source(
        slug="kit", publication=7, generator="matrix-portal 1", snapshots={"layout": "a" * 64}
    )
    files = {"tox.ini": ListedFile("b" * 64, 12), ".github/x.yml": ListedFile("c" * 64, 0)}

    text = manifest(source, files)

    assert text.endswith("}\n")
    assert json.loads(text) == {
        "schema": 1,
        "generator": "matrix-portal 1",
        "sdk": "kit",
        "publication": 7,
        "proposal": None,
        "snapshots": {"layout": "a" * 64},
        "files": [
            {"path": ".github/x.yml", "sha256": "c" * 64, "size": 0},
            {"path": "tox.ini", "sha256": "b" * 64, "size": 12},
        ],
    }
    assert manifest(source, dict(reversed(files.items()))) == text


def test_the_generator_is_this_version_of_the_portal() -> None:
    project = tomllib.loads(Path("pyproject.toml").read_text(encoding="utf-8"))["project"]

    assert f"{project['name']} {project['version']}" == GENERATOR
