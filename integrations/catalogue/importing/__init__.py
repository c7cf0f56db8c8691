"""Reading catalogues: each format becomes plain values, and all its mistakes with their places."""

from integrations.catalogue.importing.files import ImportRefused, SourceFile, read_source
from integrations.catalogue.importing.imported import Imported, Problem

__all__ = ["ImportRefused", "Imported", "Problem", "SourceFile", "read_source"]
