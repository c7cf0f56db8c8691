"""One door to all importers: recognise the file, read it, hand on plain values and mistakes."""

from collections.abc import Sequence
from pathlib import Path

from integrations.catalogue import portable
from integrations.catalogue.importing.config_py import read_config
from integrations.catalogue.importing.files import ImportRefused, read_source
from integrations.catalogue.importing.imported import Imported, Problem
from integrations.catalogue.importing.toml import read_toml
from integrations.catalogue.importing.toxgen import read_toxgen


def read_catalogue(
    path: Path,
    *,
    base: portable.Catalogue,
    further: Sequence[Path] = (),
    pythons: str = "",
) -> Imported:
    """
    Read a catalogue of any known form; raises ImportRefused when the file is of none.

    What a form has no words for is taken from *base*. *further* files and *pythons* belong to
    toxgen's ``config.py``, which says neither groups nor minimums nor Pythons.
    """
    source = read_source(path)
    if source.format != "python" and (further or pythons):
        message = "--groups, --minimums and --pythons go with toxgen's config.py alone."
        raise ImportRefused([Problem(source.name, message)])
    match source.format:
        case "toml":
            return read_toml(source)
        case "json":
            return read_toxgen(source, base)
    return read_config([source, *map(read_source, further)], base, pythons=pythons)
