"""
A hand-written tox.ini: matrices become integrations, pinned picks, restrictions and rules.

What cannot be expressed stays in the file's hand-written part, and is told with its line.
"""

from integrations.catalogue.importing.tox_ini.building import (
    Expected,
    ImportedMatrix,
    Releases,
    read_tox_ini,
)
from integrations.catalogue.importing.tox_ini.reading import projects_of, read_matrix

__all__ = [
    "Expected",
    "ImportedMatrix",
    "Releases",
    "projects_of",
    "read_matrix",
    "read_tox_ini",
]
