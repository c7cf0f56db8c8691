"""
How releases, Pythons and integrations are spelled in the names of tox environments.

tox reads a name as factors joined by dashes; a line such as ``a-b: text`` is for every environment
that has *both* factors, in any order and among any others. tox allows letters, digits, "_" and "."
in a factor, found by running tox 4.67.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from packaging.version import Version

from matrix.rules.facts import Python

LATEST = "latest"
# Factors that tox adds to every environment on such a machine: its platform and architecture.
PLATFORMS = {"aix", "android", "cygwin", "darwin", "emscripten", "freebsd", "ios", "linux", "win32"}
ARCHITECTURES = {"aarch64", "amd64", "arm64", "i386", "i686", "loongarch64", "x86", "x86_64"}
ARCHITECTURES |= {"ppc", "ppc64", "ppc64le", "riscv64", "s390x", "sparc64"}
MACHINES = frozenset(PLATFORMS | ARCHITECTURES)


class NamesClash(ValueError):
    """An integration whose environments tox cannot tell from those of others."""


def version_factor(version: Version) -> str:
    """
    Return ``v`` and the normal form of *version*: ``v0.28.1``, ``v4.0.0b2``.

    tox refuses the "!" of an epoch and the "+" of a local version. ``1!2.0`` becomes ``v1e2.0`` and
    ``1.0+corp1`` becomes ``v1.0_corp1``: the normal form never has a digit before an "e", and no
    "_", so two versions never share a factor.
    """
    public, plus, local = str(version).partition("+")
    return f"v{public.replace('!', 'e')}{'_' if plus else ''}{local}"


def pythons_factor(pythons: Iterable[Python]) -> str:
    """``{py3.9,py3.14t}``; braces even for one, which is what readers of such files expect."""
    return f"{{{','.join(python.factor for python in sorted(pythons))}}}"


def environment(python: Python, name: str, version: Version | None) -> str:
    """``py3.9-httpx-v0.28.1``; without a version the alias, ``py3.9-httpx-latest``."""
    return f"{python.factor}-{name}-{LATEST if version is None else version_factor(version)}"


def conditions(names: Collection[str]) -> dict[str, str]:
    """
    Return for each name the factors that only its own environments have.

    That is the name itself, unless another name holds all of its factors: beside ``openai-base``,
    the lines of ``openai`` are written for ``openai-!base``. The catalogue refuses such pairs, but
    while a renaming is half approved both may stand in one publication.
    """
    factors = {name: frozenset(name.split("-")) for name in names}
    holders: dict[str, set[str]] = defaultdict(set)
    for name, own in factors.items():
        for factor in own:
            holders[factor].add(name)
    return {name: _condition(name, factors, holders) for name in names}


def _condition(
    name: str, factors: Mapping[str, frozenset[str]], holders: Mapping[str, set[str]]
) -> str:
    own = factors[name]
    if own <= MACHINES:
        raise NamesClash(
            f'tox would apply the lines of "{name}" to every environment on such a machine. '
            f"Rename it: {name}-base."
        )
    # The rarest factor first: another one may be in every name.
    others = set.intersection(*sorted((holders[factor] for factor in own), key=len)) - {name}
    strangers = {other: sorted(factors[other] - own - MACHINES) for other in others}
    if twins := [other for other in sorted(others) if not strangers[other]]:
        raise NamesClash(
            f'tox cannot tell "{name}" from "{twins[0]}": the second has all factors of the first '
            "and none that sets it apart. Rename one of them."
        )
    return "-".join([name, *sorted({f"!{found[0]}" for found in strangers.values()})])
