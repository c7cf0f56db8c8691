"""The recorded facts in ``tests/data/index`` and the documents that an index makes of them."""

import gzip
import hashlib
import html
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

FOLDER = Path(__file__).parent.parent / "data" / "index"
FIRST_CLOSURE = "2026-08-10"
LONG_AGO = "2020-01-01T00:00:00Z"
RECORDED_ON = "2026-11-20T00:00:00Z"


@dataclass(frozen=True, slots=True)
class RecordedFile:
    project: str
    version: str
    filename: str
    uploaded_at: str  # As the index wrote it; all in UTC, so texts sort as moments do.
    requires_python: str | None
    yanked: bool | str

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.filename.encode()).hexdigest()


@cache
def recorded_metadata() -> dict[str, dict[str, Any]]:
    """``{"project==version": facts}``."""
    with lzma.open(FOLDER / "metadata.json.xz") as file:
        return json.load(file)  # type: ignore[no-any-return]


@cache
def projects_with_files() -> dict[str, dict[str, list[list[Any]]]]:
    """The projects whose files were recorded in full: ``{project: {version: [entry, …]}}``."""
    with lzma.open(FOLDER / "files.json.xz") as file:
        return json.load(file)  # type: ignore[no-any-return]


@cache
def recorded_files() -> dict[str, tuple[RecordedFile, ...]]:
    """All files of each project; a project of which only metadata was recorded has wheels."""
    projects = projects_with_files()
    files = {
        name: tuple(
            RecordedFile(name, version, *entry)
            for version, entries in releases.items()
            for entry in entries
        )
        for name, releases in projects.items()
    }
    for name, wheel in _made_up_wheels(set(files)):
        files[name] = (*files.get(name, ()), wheel)
    return files


def _made_up_wheels(known: set[str]) -> Iterator[tuple[str, RecordedFile]]:
    for release, facts in recorded_metadata().items():
        project, _, version = release.partition("==")
        name = canonicalize_name(project)
        if name not in known:
            is_old = FIRST_CLOSURE in facts["closure"]
            uploaded_at = facts.get("upload_time") or (LONG_AGO if is_old else RECORDED_ON)
            filename = f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
            yield (
                name,
                RecordedFile(name, version, filename, uploaded_at, facts["requires_python"], False),
            )


@cache
def files_by_name() -> dict[str, RecordedFile]:
    return {file.filename: file for files in recorded_files().values() for file in files}


@cache
def wheels_for_sdists(project: str) -> tuple[RecordedFile, ...]:
    """A made-up wheel for each release that has sdists alone: what uv would have to build."""
    files = recorded_files().get(project, ())
    with_wheels = {file.version for file in files if file.filename.endswith(".whl")}
    sdists = {file.version: file for file in files if file.version not in with_wheels}
    stem = project.replace("-", "_")
    return tuple(
        replace(file, filename=f"{stem}-{version}-py3-none-any.whl")
        for version, file in sdists.items()
    )


def made_up_wheel(filename: str) -> RecordedFile | None:
    """The wheel of that name among those of :func:`wheels_for_sdists`."""
    wheels = wheels_for_sdists(canonicalize_name(filename.partition("-")[0]))
    return next((wheel for wheel in wheels if wheel.filename == filename), None)


def files_of(project: str, as_of: datetime | None) -> list[RecordedFile]:
    return until(as_of, recorded_files().get(project, ()))


def until(as_of: datetime | None, files: Iterable[RecordedFile]) -> list[RecordedFile]:
    """Leave out what came later."""
    if as_of is None:
        return list(files)
    return [file for file in files if datetime.fromisoformat(file.uploaded_at) <= as_of]


# --- Documents -----------------------------------------------------------------------------------
def json_page(project: str, files: list[RecordedFile], root: str) -> bytes:
    return json.dumps(
        {
            "meta": {"api-version": "1.4"},
            "name": project,
            "project-status": {"status": "active"},
            "versions": sorted({file.version for file in files}),
            "files": [_json_file(file, root) for file in files],
        }
    ).encode()


def _json_file(file: RecordedFile, root: str) -> dict[str, Any]:
    return {
        "filename": file.filename,
        "url": f"{root}files/{file.filename}",
        "hashes": {"sha256": file.sha256},
        "requires-python": file.requires_python,
        "yanked": file.yanked,
        "size": 1024,
        "upload-time": file.uploaded_at,
        "core-metadata": file.filename.endswith(".whl"),
        "provenance": None,
    }


def html_page(project: str, files: list[RecordedFile]) -> bytes:
    links = "\n".join(_html_link(file) for file in files)
    head = '<meta name="pypi:repository-version" content="1.4">'
    return f"<!DOCTYPE html><html><head>{head}</head><body>\n{links}\n</body></html>".encode()


def _html_link(file: RecordedFile) -> str:
    attributes = [f'href="../../files/{file.filename}#sha256={file.sha256}"']
    if file.requires_python:
        attributes.append(f'data-requires-python="{html.escape(file.requires_python)}"')
    if file.yanked:
        reason = file.yanked if isinstance(file.yanked, str) else ""
        attributes.append(f'data-yanked="{html.escape(reason)}"')
    if file.filename.endswith(".whl"):
        attributes.append('data-core-metadata="true"')
    return f"<a {' '.join(attributes)}>{file.filename}</a><br>"


def legacy_project(project: str, files: list[RecordedFile], root: str) -> bytes:
    releases: dict[str, list[dict[str, Any]]] = {}
    for file in files:
        releases.setdefault(file.version, []).append(
            {
                "filename": file.filename,
                "url": f"{root}files/{file.filename}",
                "digests": {"sha256": file.sha256},
                "requires_python": file.requires_python,
                "yanked": bool(file.yanked),
                "yanked_reason": file.yanked if isinstance(file.yanked, str) else None,
                "upload_time_iso_8601": file.uploaded_at,
            }
        )
    return json.dumps({"info": {"name": project}, "releases": releases}).encode()


def legacy_release(file: RecordedFile) -> bytes:
    facts = _facts(file)
    return json.dumps(
        {
            "info": {
                "name": file.project,
                "version": file.version,
                "classifiers": facts.get("classifiers") or [],
                "requires_python": facts["requires_python"],
                "requires_dist": facts.get("requires_dist"),
            }
        }
    ).encode()


def _facts(file: RecordedFile) -> dict[str, Any]:
    unrecorded = {"requires_python": file.requires_python}
    return recorded_metadata().get(f"{file.project}=={file.version}", unrecorded)


def core_metadata(file: RecordedFile) -> bytes:
    facts = _facts(file)
    lines = ["Metadata-Version: 2.1", f"Name: {file.project}", f"Version: {file.version}"]
    if facts["requires_python"]:
        lines.append(f"Requires-Python: {facts['requires_python']}")
    for header, key in (
        ("Classifier", "classifiers"),
        ("Requires-Dist", "requires_dist"),
        ("Provides-Extra", "provides_extra"),
    ):
        lines += [f"{header}: {value}" for value in facts.get(key) or ()]
    return "\n".join([*lines, "", ""]).encode()


def archive(file: RecordedFile) -> bytes:
    """The file itself: as little as a wheel or an sdist may hold."""
    if file.filename.endswith(".whl"):
        return wheel(file.filename, core_metadata(file))
    return sdist(file.filename, core_metadata(file))


def wheel(filename: str, metadata: bytes) -> bytes:
    name, version, *_ = filename.split("-")
    folder = f"{name}-{version}.dist-info"
    return _zip(
        {
            f"{folder}/METADATA": metadata,
            f"{folder}/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{folder}/RECORD": "".join(
                f"{folder}/{entry},,\n" for entry in ("METADATA", "WHEEL", "RECORD")
            ).encode(),
        }
    )


def sdist(filename: str, metadata: bytes, *, before: bytes = b"") -> bytes:
    """An sdist whose PKG-INFO comes after a file with the bytes *before*."""
    folder = filename.removesuffix(".tar.gz").removesuffix(".zip")
    entries = {f"{folder}/CHANGES": before, f"{folder}/PKG-INFO": metadata}
    if filename.endswith(".zip"):
        return _zip(entries)
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        for path, body in entries.items():
            entry = tarfile.TarInfo(path)
            entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))
    return gzip.compress(target.getvalue(), mtime=0)


def _zip(entries: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, body in entries.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), body)
    return target.getvalue()


def moment(text: str) -> datetime:
    """Read a moment; without a zone it is in UTC."""
    read = datetime.fromisoformat(text)
    return read if read.tzinfo else read.replace(tzinfo=UTC)
