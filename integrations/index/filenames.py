"""
Which release a file belongs to, read from its name alone.

``packaging`` has parsers for both kinds of file names; on the 68,000 names of sixty projects they
take a second. The way here is cheap where a name is ordinary and asks them where it is not.
"""

from functools import lru_cache

from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

SDISTS = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz", ".tar.Z", ".tar")
# What indexes keep from before there were wheels. No installer takes them: they are no release.
FORGOTTEN = (".egg", ".exe", ".msi", ".rpm", ".deb", ".dmg", ".src.rpm")
PLAIN_PARTS = 5  # Of the name of a wheel without a build number.


@lru_cache(maxsize=100_000)
def version_of(text: str) -> Version | None:
    """The version that *text* spells, None when it spells none; equal texts share one object."""
    try:
        return Version(text)
    except InvalidVersion:
        return None


class FilenameReader:
    """Reads the file names of one project."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._prefixes: dict[str, bool] = {}  # Spellings of the project's name that were met.

    def version(self, filename: str) -> Version | None:
        """The version in *filename*; None when it is not a file of this project."""
        return self.version_and_head(filename)[0]

    def version_and_head(self, filename: str) -> tuple[Version | None, str]:
        """
        The version in *filename*, and what the plain wheels of that release begin with.

        That is ``grpcio-1.60.0-`` for one of them, and "-", as nothing begins, for other files.
        """
        if filename[-4:] == ".whl":
            parts = filename.split("-")
            if len(parts) == PLAIN_PARTS:
                version = version_of(parts[1])
                if version is not None and self._is_project(parts[0]):
                    return version, f"{parts[0]}-{parts[1]}-"
            return self._odd_wheel(filename), "-"
        for ending in SDISTS:
            if filename.endswith(ending):
                return self._sdist(filename[: -len(ending)]), "-"
        return None, "-"

    def is_forgotten(self, filename: str) -> bool:
        return filename.endswith(FORGOTTEN)

    def _is_project(self, prefix: str) -> bool:
        known = self._prefixes.get(prefix)
        if known is None:
            known = self._prefixes[prefix] = canonicalize_name(prefix) == self._project
        return known

    def _sdist(self, stem: str) -> Version | None:
        # Names may hold dashes and so may versions ("1.0-1"): the project's own name decides.
        length = len(self._project)
        if stem[length : length + 1] == "-" and self._is_project(stem[:length]):
            return version_of(stem[length + 1 :])
        return self._odd_sdist(stem)

    def _odd_wheel(self, filename: str) -> Version | None:
        try:
            name, version, _, _ = parse_wheel_filename(filename)
        except InvalidWheelFilename:
            return None
        return version if name == self._project else None

    def _odd_sdist(self, stem: str) -> Version | None:
        """A name that is longer than the normalised one: ``foo--bar`` for ``foo-bar``."""
        try:
            name, version = parse_sdist_filename(f"{stem}.tar.gz")
        except InvalidSdistFilename:
            return None
        return version if name == self._project else None


def is_plain_wheel(filename: str) -> bool:
    """Whether it is a wheel without a build number: ``name-version-python-abi-platform.whl``."""
    return filename[-4:] == ".whl" and filename.count("-") == PLAIN_PARTS - 1
