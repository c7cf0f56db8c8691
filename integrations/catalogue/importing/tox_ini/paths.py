"""Where the tests of a suite are: what set_env or the commands say of it."""

import re
from collections.abc import Iterator

from django.core.exceptions import ValidationError

from integrations.catalogue.importing.tox_ini.reading import Matrix
from integrations.catalogue.validators import validate_test_path
from matrix.rules.toxini.lines import SET_ENV
from matrix.rules.toxini.naming import told_apart

TEST_PATH = re.compile(r"(?:\w*_)?TEST_?(?:S|PATHS?|DIR)\w*\s*=\s*(?P<path>\S+)", re.IGNORECASE)


def paths_of(matrix: Matrix) -> Iterator[tuple[frozenset[str], str]]:
    """Yield the factors of a name, and the path in which their tests are."""
    for names in (("commands",), SET_ENV):
        setting = matrix.file.find("testenv", *names)
        for line in setting.lines if setting else ():
            found, text = matrix.conditions_of(line)
            path = _path(text, is_command=names == ("commands",))
            for condition in found:
                named = told_apart(sorted(condition.wanted), matrix.glued)
                if path and not named.pythons and not condition.refused:
                    yield frozenset(factor.lower() for factor in named.factors), path


def _path(text: str, *, is_command: bool) -> str:
    if is_command:
        words = [word for word in text.split()[1:] if re.match(r"\.?/?tests?(/|$)", word)]
        path = words[0].removeprefix("./") if words else ""
    else:
        found = TEST_PATH.match(text)
        path = found["path"].removeprefix("./") if found else ""
    try:
        validate_test_path(path)
    except ValidationError:
        return ""
    return path.rstrip("/")
