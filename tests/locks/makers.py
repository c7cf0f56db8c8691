"""Locked sets in few words."""

from hypothesis import strategies as st

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
