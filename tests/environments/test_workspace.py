"""Folders of workers, and what dead ones leave behind."""

import os
import subprocess
import sys
from pathlib import Path

from matrix.environments.workspace import locked_folder, sweep_cache, sweep_folders
from tests.support.processes import ROOT

DIES = """
import os, sys
from pathlib import Path
from matrix.environments.workspace import locked_folder
with locked_folder(Path(sys.argv[1])) as folder:
    (folder / "half").mkdir()
    (folder / "half" / "written").write_text("x")
    os._exit(9)
"""


def a_dead_worker(runs: Path) -> Path:
    """Leave what a worker leaves that was killed; return its folder."""
    subprocess.run([sys.executable, "-c", DIES, str(runs)], cwd=ROOT, check=False)
    (folder,) = runs.iterdir()
    return folder


def test_a_folder_lives_as_long_as_its_worker(tmp_path: Path) -> None:
    with locked_folder(tmp_path / "runs") as one, locked_folder(tmp_path / "runs") as other:
        assert one != other
        assert sweep_folders(tmp_path / "runs") == []
        assert one.is_dir()

    assert list((tmp_path / "runs").iterdir()) == []


def test_what_a_killed_worker_left_is_swept_away(tmp_path: Path) -> None:
    left = a_dead_worker(tmp_path)

    with locked_folder(tmp_path) as mine:
        assert sweep_folders(tmp_path) == [left]
        assert list(tmp_path.iterdir()) == [mine]


def test_nothing_is_swept_where_nothing_ever_ran(tmp_path: Path) -> None:
    assert sweep_folders(tmp_path / "never") == []
    assert sweep_cache(tmp_path / "never", before=0) == 0


def test_half_made_files_of_the_cache_go_when_they_are_old(tmp_path: Path) -> None:
    for name in (".tmpOld", "builds-v0/.tmpOld", ".tmpNew", "wheels/kept"):
        (tmp_path / name / "inside").mkdir(parents=True)
    (tmp_path / ".tmpFile").write_text("x")
    for name in (".tmpOld", "builds-v0/.tmpOld", ".tmpFile", "wheels/kept"):
        os.utime(tmp_path / name, (1_000, 1_000))

    assert sweep_cache(tmp_path, before=2_000) == 3
    assert sorted(path.name for path in tmp_path.rglob("*") if path.name != "inside") == [
        ".tmpNew",
        "builds-v0",
        "kept",
        "wheels",
    ]
