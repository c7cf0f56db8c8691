"""On which Pythons a release is tested: what it declares, what is allowed, what is picked."""

import re
from collections.abc import Mapping, Sequence

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from matrix.rules.facts import Metadata, Policy, Python, PythonRestrictionRule

PURE = "none"  # The ABI tag of a wheel without compiled code for any ABI.
CLASSIFIER = re.compile(r"\s*Programming Language\s*::\s*Python\s*::\s*(\d+(?:\.\d+)?)\s*")

# What setuptools once wrote or let pass, in the order of mending: quotes around the whole, blanks
# where commas belong, a wildcard that loses its dot, a wildcard after an operator that takes none.
MENDS = (
    (re.compile(r"^[\s'\"]+|[\s'\"]+$"), ""),
    (re.compile(r"(?<=[\d*])\s+(?=[<>=!~])"), ","),
    (re.compile(r"([=!]=\s*[\d.]*\d)\*"), r"\1.*"),
    (re.compile(r"((?:>=|<=|~=|>|<)\s*[\d.]*\d)\.?\*"), r"\1"),
)


class MetadataMissing(LookupError):
    """Nobody has read the metadata of these releases yet."""

    def __init__(self, versions: frozenset[Version]) -> None:
        super().__init__(f"No metadata of {', '.join(map(str, sorted(versions)))}.")
        self.versions = versions


class Support:
    """The Pythons that releases have in common with the SDK; remembers what it worked out."""

    def __init__(self, policy: Policy, metadata: Mapping[Version, Metadata]) -> None:
        self._policy = policy
        self._metadata = metadata
        self._pythons: dict[Version, tuple[Python, ...]] = {}

    def pythons(self, version: Version) -> tuple[Python, ...]:
        """Ascending, without free-threaded ones; raises MetadataMissing."""
        if version not in self._pythons:
            declared = declared_pythons(self.metadata(version), self._policy.pythons)
            restriction = restriction_of(version, self._policy.restrictions)
            self._pythons[version] = _allowed(declared, restriction)
        return self._pythons[version]

    def metadata(self, version: Version) -> Metadata:
        self.require({version})
        return self._metadata[version]

    def require(self, versions: set[Version]) -> None:
        """Raise MetadataMissing unless the metadata of all *versions* is known."""
        if missing := frozenset(versions - self._metadata.keys()):
            raise MetadataMissing(missing)

    @property
    def known(self) -> Mapping[Version, tuple[Python, ...]]:
        """The releases that were looked at."""
        return self._pythons

    def why_none(self, version: Version) -> str:
        """Say why *version* has no Python in common with the SDK."""
        declared = declared_pythons(self.metadata(version), self._policy.pythons)
        restriction = restriction_of(version, self._policy.restrictions)
        if declared and restriction:
            return f"declares {_texts(declared)}, restricted to {restriction.pythons}"
        claim = self._claim(version)
        return f"{claim}; the SDK supports {_texts(self._policy.pythons) or 'no Python'}"

    def _claim(self, version: Version) -> str:
        metadata = self.metadata(version)
        if listed := [text for text in _listed(metadata) if "." in text]:
            return f"declares {', '.join(sorted(listed, key=Version))}"
        if metadata.requires_python.strip() and not requires_python_problem(metadata):
            return f"requires Python {metadata.requires_python.strip()}"
        return "declares no Python"


def declared_pythons(metadata: Metadata, supported: Sequence[Python]) -> tuple[Python, ...]:
    """
    Return those of *supported* that the release says it runs on; the first rule that applies wins.

    Classifiers with a minor version, else Requires-Python, else the plain classifier of Python 3.
    """
    listed = _listed(metadata)
    minors = {text for text in listed if "." in text}
    if minors:
        return tuple(python for python in supported if str(python) in minors)
    specifiers = _requires_python(metadata)
    if specifiers is not None:
        return _matching(supported, specifiers)
    return tuple(supported) if "3" in listed else ()


def requires_python_problem(metadata: Metadata) -> str:
    """Say why Requires-Python was passed over although it should have decided; else ``""``."""
    text = metadata.requires_python.strip()
    if not text or any("." in listed for listed in _listed(metadata)) or _parsed(text) is not None:
        return ""
    return f'Requires-Python "{text}" cannot be read, so it does not count'


def restriction_of(
    version: Version, restrictions: Sequence[PythonRestrictionRule]
) -> PythonRestrictionRule | None:
    """Return the first restriction whose releases include *version*; later ones do not count."""
    for restriction in restrictions:
        if restriction.releases.contains(version, prereleases=True):
            return restriction
    return None


def pick_pythons(pythons: Sequence[Python]) -> tuple[Python, ...]:
    """Return the oldest, the second newest and the newest of ascending *pythons*."""
    return tuple(sorted({*pythons[:1], *pythons[-2:]}))


def free_threaded(
    picked: Sequence[Python], abi_tags: frozenset[str], since: Python | None
) -> Python | None:
    """
    Return the free-threaded build of the newest of ascending *picked*, when a wheel fits it.

    A wheel made for it does (``cp314t``), and one of pure Python (``none``). ``abi3`` does not: it
    is an ABI of builds with the GIL. An sdist says nothing.
    """
    if not picked or since is None or picked[-1].minor < since.minor:
        return None
    newest = Python(picked[-1].minor, free_threaded=True)
    fits = not abi_tags.isdisjoint({own_abi(newest), PURE})
    return newest if fits else None


def own_abi(python: Python) -> str:
    """``cp314t``: the ABI tag of wheels that are made for *python* alone."""
    return f"cp3{python.minor}{'t' if python.free_threaded else ''}"


def _listed(metadata: Metadata) -> set[str]:
    """``{"2.7", "3", "3.12"}``."""
    found = map(CLASSIFIER.fullmatch, metadata.classifiers)
    return {match[1] for match in found if match}


def _requires_python(metadata: Metadata) -> SpecifierSet | None:
    text = metadata.requires_python.strip()
    return _parsed(text) if text else None


def _parsed(text: str) -> SpecifierSet | None:
    """Read Requires-Python, mending the forms that were once accepted; None: nothing helps."""
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        pass
    for pattern, replacement in MENDS:
        text = pattern.sub(replacement, text)
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        return None


def _allowed(
    declared: tuple[Python, ...], restriction: PythonRestrictionRule | None
) -> tuple[Python, ...]:
    return _matching(declared, restriction.pythons) if restriction else declared


def _matching(pythons: Sequence[Python], specifiers: SpecifierSet) -> tuple[Python, ...]:
    return tuple(
        python for python in pythons if specifiers.contains(python.version, prereleases=True)
    )


def _texts(pythons: Sequence[Python]) -> str:
    """``3.6`` or ``3.6 to 3.14`` or ``3.6, 3.8``."""
    minors = [python.minor for python in pythons]
    if len(minors) > 2 and minors == list(range(minors[0], minors[-1] + 1)):  # noqa: PLR2004 - a range.
        return f"{pythons[0]} to {pythons[-1]}"
    return ", ".join(map(str, pythons))
