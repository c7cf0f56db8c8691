"""Locked sets in few words."""

from functools import cache
from itertools import product

from hypothesis import strategies as st
from packaging.markers import default_environment

from matrix.rules.locks.parts import LockPart, Pinned

NAMES = st.sampled_from(["asgiref", "django", "rsdev", "rsfoo", "sqlparse", "typing-extensions"])
VERSIONS = st.sampled_from(["1.0", "1.5", "2.0", "2.0rc1", "2024.1.post1"])
MARKERS = st.sampled_from(["", 'sys_platform == "win32"', 'python_full_version < "3.12"'])
HASHES = st.lists(
    st.text("0123456789abcdef", min_size=8, max_size=8).map("sha256:{}".format), max_size=3
)


def pin(text: str, *required_by: str, declared: bool = False, marker: str = "") -> Pinned:
    name, _, version = text.partition(" ")
    return Pinned(
        name=name,
        version=version,
        hashes=(f"sha256:{version.encode().hex()}",),
        marker=marker,
        required_by=required_by,
        is_declared=declared,
    )


def lock(name: str, *pinned: Pinned, declared: tuple[str, ...] = ()) -> LockPart:
    return LockPart(name=name, declared=declared, python="3.13", pinned=pinned)


@st.composite
def locks(draw: st.DrawFn) -> LockPart:
    places = draw(st.lists(st.tuples(NAMES, MARKERS), unique=True, max_size=6))
    pinned = [
        Pinned(
            name=name,
            version=draw(VERSIONS),
            hashes=tuple(sorted(set(draw(HASHES)))),
            marker=marker,
            required_by=tuple(sorted(set(draw(st.lists(NAMES, max_size=2))))),
            is_declared=draw(st.booleans()),
        )
        for name, marker in sorted(places)
    ]
    return LockPart(
        name=draw(st.sampled_from(["main", "dev"])),
        declared=tuple(draw(st.lists(NAMES, unique=True, max_size=3))),
        python="3.13",
        constrained_by=draw(st.sampled_from(["", "main"])),
        pinned=tuple(pinned),
        pylock=draw(st.sampled_from(["", 'lock-version = "1.0"\n'])),
    )


# --- Markers, and the machines that they are about -----------------------------------------------
PLATFORM_ROWS = (
    ("linux", "Linux", "posix"),
    ("darwin", "Darwin", "posix"),
    ("win32", "Windows", "nt"),
    ("cygwin", "CYGWIN_NT-10.0", "posix"),
)
PYTHONS = ("3.10.0", "3.10.9", "3.11.0", "3.11.4", "3.11.5", "3.11.6", "3.12.0", "3.12.7", "3.13.2")
ATOMS = (
    *(f'sys_platform {sign} "{name}"' for sign in ("==", "!=") for name in ("linux", "win32")),
    'platform_system == "Windows"',
    'os_name == "posix"',
    'os_name != "nt"',
    *(f'python_full_version {sign} "3.11.5"' for sign in ("<", "<=", ">", ">=", "==", "!=")),
    *(f'python_version {sign} "3.11"' for sign in ("<", "<=", ">", ">=", "==", "!=")),
    'python_full_version == "3.12.*"',
    'platform_python_implementation != "CPython"',
    'implementation_name == "cpython"',
)


@cache
def machines() -> tuple[dict[str, str], ...]:
    """Every machine of a grid: the Pythons around those that ATOMS name, and all platforms."""
    usual = {name: str(value) for name, value in default_environment().items()}
    found = []
    for full, row, pypy in product(PYTHONS, PLATFORM_ROWS, (False, True)):
        own = {
            "python_full_version": full,
            "python_version": ".".join(full.split(".")[:2]),
            "implementation_name": "pypy" if pypy else "cpython",
            "platform_python_implementation": "PyPy" if pypy else "CPython",
        }
        names = ("sys_platform", "platform_system", "os_name")
        found.append({**usual, **own, **dict(zip(names, row, strict=True))})
    return tuple(found)


@st.composite
def markers(draw: st.DrawFn) -> str:
    """Up to four of ATOMS, joined."""
    text = draw(st.sampled_from(ATOMS))
    for _ in range(draw(st.integers(0, 3))):
        joined = f"{text} {draw(st.sampled_from(['and', 'or']))} {draw(st.sampled_from(ATOMS))}"
        text = f"({joined})" if draw(st.booleans()) else joined
    return text


@st.composite
def forked(draw: st.DrawFn) -> tuple[Pinned, ...]:
    """A lock as a universal resolver writes it: each project once on each machine at most."""
    found: list[Pinned] = []
    for name in draw(st.lists(NAMES, unique=True, max_size=3)):
        bound = draw(st.sampled_from(["", "3.11", "3.12"]))
        places = (
            [f'python_full_version {sign} "{bound}"' for sign in ("<", ">=")] if bound else [""]
        )
        where = draw(st.sampled_from(["", 'sys_platform == "linux"', 'sys_platform == "win32"']))
        for place in places:
            marker = " and ".join(filter(None, (place, where)))
            found.append(Pinned(name=name, version=draw(VERSIONS), marker=marker))
    return tuple(found)
