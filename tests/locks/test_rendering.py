from matrix.rules.locks.diffing import LockMove, diff_locks, lock_summary
from matrix.rules.locks.parts import LockPart
from matrix.rules.locks.rendering import declaration, lock_files
from tests.locks.makers import lock, pin

DEV = LockPart(
    name="dev",
    declared=("pytest>=8", "rsdev"),
    python="3.13",
    constrained_by="main",
    pinned=(
        pin("pytest 8.4.2", declared=True),
        pin("rsfoo 1.5", "rsdev", marker='sys_platform == "linux"'),
    ),
    pylock='lock-version = "1.0"\n',
)


def test_the_files_of_a_set() -> None:
    assert lock_files(DEV) == {
        "requirements/dev.txt": (
            "# The dev set, locked for Python 3.13 and newer by the Matrix Portal.\n"
            "# Change dev.in, not this file.\n"
            "# Versions agree with main.txt.\n"
            "pytest==8.4.2 \\\n    --hash=sha256:382e342e32\n    # via -r dev.in\n"
            'rsfoo==1.5 ; sys_platform == "linux" \\\n    --hash=sha256:312e35\n    # via rsdev\n'
        ),
        "pylock.dev.toml": 'lock-version = "1.0"\n',
    }
    assert declaration(DEV) == "-c main.txt\npytest>=8\nrsdev\n"


def test_a_week_of_a_lock_in_words() -> None:
    old = lock("main", pin("a 1.0"), pin("b 1.0"), pin("c 2.0"), declared=("a", "b"))
    new = lock("main", pin("a 1.1"), pin("c 1.0"), pin("d 1.0"), declared=("a",))

    diff = diff_locks("main", old, new)

    assert diff.moves == (
        LockMove("a", "1.0", "1.1"),
        LockMove("b", "1.0", None),
        LockMove("c", "2.0", "1.0"),
        LockMove("d", None, "1.0"),
    )
    assert [move.is_down for move in diff.moves] == [False, False, True, False]
    assert [move.is_major for move in diff.moves] == [False, False, True, False]
    assert (diff.declared_added, diff.declared_removed) == ((), ("b",))
    assert lock_summary([diff]) == (
        "1 pin to add, 1 to remove, 2 to move; 1 declared line to change. 0 pins unchanged."
    )
    assert lock_summary([diff_locks("main", new, new)]) == "No pins change. 3 unchanged."


def test_files_that_change_under_the_same_version_are_told() -> None:
    old, new = lock("main", pin("a 1.0")), lock("main", pin("a 1.0"))
    other = lock(
        "main", *[type(each)(name="a", version="1.0", hashes=("sha256:0",)) for each in new.pinned]
    )

    assert diff_locks("main", old, other).rehashed == ("a==1.0",)
    assert lock_summary([diff_locks("main", old, other)]) == (
        "1 pin with other files. 0 pins unchanged."
    )
