"""Locks against declarations and each other, in every form that a tool writes."""

import json
import tomllib

import pytest

from integrations.policy.linting import Finding, lint
from integrations.policy.linting.staleness import pipfile_hash, poetry_hash

SHA = f"sha256:{'0' * 64}"
# Written by hand, and locked by the tools themselves (Pipenv 2026.10.3, Poetry 2.5.1) against an
# index on the loopback; the hashes are theirs.
PIPFILE = """\
[[source]]
name = "index"
url = "http://127.0.0.1:8917/simple/"
verify_ssl = false

[requires]
python_version = "3.11"

[packages]
six = ">=1.16"

[dev-packages]
iniconfig = ">=2"
"""
PIPFILE_HASH = "d7886b79cc10a623563ab46e54c39358b2e4a6456348ffbd1937f41553a69d1f"
WITHOUT_SOURCE = """\
[packages]
six = "*"

[docs]
toml = "*"

[pipenv]
allow_prereleases = false
"""
WITHOUT_SOURCE_HASH = "0a63a1e35cf82a1fc14c9d5aab050a4cd8a8e6e3581ecaa81bf6a6a9cd65efd9"
SOURCE = """
[[tool.poetry.source]]
name = "index"
url = "http://127.0.0.1:8917/simple/"
priority = "primary"
"""
PYPROJECT = f"""\
[project]
name = "shop"
version = "0"
requires-python = ">=3.11"
dependencies = [
    "six>=1.16",
]

[dependency-groups]
dev = [
    "iniconfig>=2",
]

[tool.poetry]
package-mode = false
{SOURCE}"""
PYPROJECT_HASH = "de5ba2c5700c3dbc50956c2b483a39f2d715a85722d8576b8431e4b9c9955a1d"
OLD_FORM = f"""\
[tool.poetry]
package-mode = false

[tool.poetry.dependencies]
python = ">=3.11"
six = "^1.16"

[tool.poetry.group.dev.dependencies]
iniconfig = ">=2"
{SOURCE}"""
OLD_FORM_HASH = "bdb072b4b450e7af1d6863b540343c652df8461cbd112e08318e842650f4bc7e"


def rules(files: dict[str, str]) -> list[str]:
    return [one.rule for one in lint(files)]


def only(files: dict[str, str], rule: str) -> Finding:
    (found,) = [one for one in lint(files) if one.rule == rule]
    return found


# Pipenv 2026.10.3 computed these: a project counts by its normalised name.
OTHER_NAMES = PIPFILE.replace("six", "Six_Extra") + '\n[load-tests]\nLocust_Plugins = "*"\n'
OTHER_NAMES_HASH = "3835537926a2a7ba559ffe26207ed99987fe852e4f61da4118fa9f47eed07fbe"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (PIPFILE, PIPFILE_HASH),
        (WITHOUT_SOURCE, WITHOUT_SOURCE_HASH),
        (OTHER_NAMES, OTHER_NAMES_HASH),
    ],
)
def test_the_hash_of_a_pipfile_is_the_one_that_pipenv_computes(text: str, expected: str) -> None:
    assert pipfile_hash(tomllib.loads(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"), [(PYPROJECT, PYPROJECT_HASH), (OLD_FORM, OLD_FORM_HASH)]
)
def test_the_content_hash_is_the_one_that_poetry_computes(text: str, expected: str) -> None:
    assert poetry_hash(tomllib.loads(text)) == expected


def pipfile_lock(default: dict[str, str], develop: dict[str, str], sha: str = PIPFILE_HASH) -> str:
    def entries(pins: dict[str, str]) -> dict[str, object]:
        return {name: {"hashes": [SHA], "version": f"=={v}"} for name, v in pins.items()}

    meta = {"hash": {"sha256": sha}, "pipfile-spec": 6}
    content = {"_meta": meta, "default": entries(default), "develop": entries(develop)}
    return json.dumps(content, indent=4)


def test_a_pipfile_lock_of_another_pipfile_is_stale() -> None:
    lock = pipfile_lock({"six": "1.17.0"}, {"iniconfig": "2.1.0"})

    assert rules({"Pipfile": PIPFILE, "Pipfile.lock": lock}) == []
    found = only({"Pipfile": PIPFILE.replace("1.16", "1.15"), "Pipfile.lock": lock}, "stale-lock")
    assert (found.path, found.line) == ("Pipfile.lock", 3)


def test_a_poetry_lock_of_another_pyproject_is_stale() -> None:
    lock = f'[metadata]\nlock-version = "2.1"\ncontent-hash = "{PYPROJECT_HASH}"\n'

    assert rules({"pyproject.toml": PYPROJECT, "poetry.lock": lock}) == []
    changed = PYPROJECT.replace("six>=1.16", "six>=1.17")
    found = only({"pyproject.toml": changed, "poetry.lock": lock}, "stale-lock")
    assert (found.path, found.line) == ("poetry.lock", 3)


UV_LOCK = """\
version = 1
requires-python = ">=3.11"

[[package]]
name = "shop"
version = "0"
source = { virtual = "." }
dependencies = [{ name = "six" }]

[package.dev-dependencies]
dev = [{ name = "iniconfig" }]

[package.metadata]
requires-dist = [{ name = "six", specifier = ">=1.16" }]

[package.metadata.requires-dev]
dev = [{ name = "iniconfig", specifier = ">=2" }]
"""


def test_a_uv_lock_of_other_requirements_is_stale() -> None:
    assert rules({"pyproject.toml": PYPROJECT, "uv.lock": UV_LOCK}) == []
    changed = PYPROJECT.replace("iniconfig>=2", "iniconfig>=2.1").replace(
        '"six>=1.16",', '"six>=1.16",\n"attrs",'
    )
    found = lint({"pyproject.toml": changed, "uv.lock": UV_LOCK})
    assert [(one.rule, one.line) for one in found] == [("stale-lock", 14), ("stale-lock", 17)]
    assert found[0].text == "attrs is declared and not locked."


def test_requirements_are_compared_with_their_declaration() -> None:
    pin = (
        f"rsfoo==1.5 --hash={SHA}\n    # via -r main.in\nold==1 --hash={SHA}\n    # via -r main.in"
    )
    files = {"main.in": "rsfoo>=2\nother\n", "main.txt": f"{pin}\n"}

    found = [(one.path, one.line, one.text) for one in lint(files)]

    assert found == [
        ("main.in", 1, '"rsfoo>=2" is declared, 1.5 is locked in main.txt.'),
        ("main.in", 2, "other is declared and not locked in main.txt."),
        ("main.txt", 3, "old is no longer declared in main.in."),
    ]


# --- The conflict: main wants rsfoo, dev has rsdev, which wants rsfoo<2 ---------------------------
def pin(name: str, version: str, via: str) -> str:
    return f"{name}=={version} \\\n    --hash={SHA}\n    # via {via}\n"


MAIN_TXT = pin("rsfoo", "2.0", "-r main.in")
DEV_TXT = pin("rsdev", "1.0", "-r dev.in") + pin("rsfoo", "1.5", "rsdev")


def pylock(*packages: tuple[str, str, str]) -> str:
    rows = [
        f'[[packages]]\nname = "{name}"\nversion = "{version}"\n{more}'
        f'wheels = [{{url = "http://127.0.0.1/x.whl", hashes = {{sha256 = "{"0" * 64}"}}}}]\n'
        for name, version, more in packages
    ]
    return 'lock-version = "1.0"\ncreated-by = "test"\n' + "".join(rows)


SPLIT = {
    "requirement files": {"requirements/main.txt": MAIN_TXT, "requirements/dev.txt": DEV_TXT},
    "pylock files": {
        "pylock.toml": pylock(("rsfoo", "2.0", "")),
        "pylock.dev.toml": pylock(
            ("rsdev", "1.0", 'dependencies = [{name = "rsfoo"}]\n'), ("rsfoo", "1.5", "")
        ),
    },
    "categories of Pipenv": {
        "Pipfile.lock": pipfile_lock({"rsfoo": "2.0"}, {"rsdev": "1.0", "rsfoo": "1.5"})
    },
}


@pytest.mark.parametrize("files", SPLIT.values(), ids=SPLIT)
def test_a_split_pin_is_found_in_each_form(files: dict[str, str]) -> None:
    found = only(files, "split-pin")

    assert found.text.startswith("rsfoo is ")
    assert "2.0" in found.text
    assert "1.5" in found.text
    assert found.line > 1


def test_a_split_pin_comes_with_its_chain() -> None:
    found = only(SPLIT["requirement files"], "split-pin")

    assert (found.path, found.line) == ("requirements/dev.txt", 4)
    assert "because of rsdev 1.0 → rsfoo 1.5" in found.text


POETRY = f"""\
[[package]]
name = "rsdev"
version = "1.0"
groups = ["dev"]
files = [{{file = "rsdev.whl", hash = "{SHA}"}}]

[package.dependencies]
rsfoo = "<2"

[[package]]
name = "rsfoo"
version = "1.5"
groups = ["main", "dev"]
files = [{{file = "rsfoo.whl", hash = "{SHA}"}}]
"""
UV = f"""\
version = 1

[[package]]
name = "shop"
version = "0"
source = {{ virtual = "." }}
dependencies = [{{ name = "rsfoo" }}]

[package.dev-dependencies]
dev = [{{ name = "rsdev" }}]

[[package]]
name = "rsdev"
version = "1.0"
source = {{ registry = "http://127.0.0.1/simple" }}
dependencies = [{{ name = "rsfoo" }}]
wheels = [{{ url = "http://127.0.0.1/rsdev.whl", hash = "{SHA}" }}]

[[package]]
name = "rsfoo"
version = "1.5"
source = {{ registry = "http://127.0.0.1/simple" }}
wheels = [{{ url = "http://127.0.0.1/rsfoo.whl", hash = "{SHA}" }}]
"""


def test_what_poetry_holds_back_is_told_by_its_bounds() -> None:
    found = only({"poetry.lock": POETRY}, "held-back")

    assert found.line == 10
    assert found.text == (
        "rsfoo 1.5 of production may be held back: rsdev, which only dev has, asks for rsfoo <2."
    )


@pytest.mark.parametrize("joint", [{"uv.lock": UV}, {"poetry.lock": POETRY}], ids=["uv", "poetry"])
def test_what_is_held_back_is_seen_beside_the_main_set_alone(joint: dict[str, str]) -> None:
    found = [one.text for one in lint({**joint, "main.txt": MAIN_TXT}) if one.rule == "held-back"]

    assert found[0] == (
        "rsfoo is held back: 1.5 with all sets, 2.0 by itself because of rsdev 1.0 → rsfoo 1.5; "
        "main.txt is the main set by itself."
    )


def test_a_release_of_develop_that_a_dependant_rules_out_is_found() -> None:
    """Old Pipenvs write this lock; it says nothing of what rsdev asks for, its metadata do."""
    lock = pipfile_lock({"rsfoo": "2.0"}, {"rsdev": "1.0", "rsfoo": "2.0"})
    metadata = "Metadata-Version: 2.1\nName: rsdev\nVersion: 1.0\nRequires-Dist: rsfoo<2\n\nText."

    by_files = only({"Pipfile.lock": lock, "rsdev-1.0.dist-info/METADATA": metadata}, "violated")
    (by_facts,) = lint({"Pipfile.lock": lock}, known={"rsdev==1.0": ["rsfoo<2"]})

    assert by_files == by_facts
    assert by_facts.text == "dev has rsfoo 2.0, but rsdev 1.0 asks for rsfoo<2."
    assert rules({"Pipfile.lock": lock}) == []


def test_a_locked_version_outside_of_the_pipfile_is_found() -> None:
    lock = pipfile_lock({"six": "1.15.0"}, {"iniconfig": "2.1.0"})

    found = only({"Pipfile": PIPFILE, "Pipfile.lock": lock}, "violated")

    assert found.text == '"six>=1.16" is declared, 1.15.0 is locked in default.'


def test_locks_of_two_applications_are_not_compared() -> None:
    two = pin("rsfoo", "1.5", "-r main.in")

    assert rules({"shop/main.txt": MAIN_TXT, "billing/main.txt": two}) == []


def test_what_installs_the_others_is_not_compared_with_them() -> None:
    files = {
        "requirements/main.txt": pin("packaging", "25.0", "-r requirements/main.in"),
        "requirements/tool.txt": pin("packaging", "24.2", "poetry"),
        "requirements/tool.in": "poetry\n",
        "requirements/main.in": "packaging\n",
    }

    assert rules(files) == ["stale-lock"]  # poetry itself is not in that lock.


def test_a_tool_that_does_not_do_its_work_is_found_in_its_lock() -> None:
    assert rules({"requirements/tool.txt": pin("pipenv", "2024.4.1", "-r tool.in")}) == [
        "pipenv-disagrees"
    ]


def test_a_lock_of_uv_tells_what_is_held_back_beside_metadata() -> None:
    """uv.lock says who needs whom, and not with which bounds."""
    metadata = "Metadata-Version: 2.1\nName: rsdev\nVersion: 1.0\nRequires-Dist: rsfoo<2\n"

    found = only({"uv.lock": UV, "rsdev-1.0.dist-info/METADATA": metadata}, "held-back")

    assert (found.path, found.line) == ("uv.lock", 19)
    assert found.text == (
        "rsfoo 1.5 of production may be held back: rsdev, which only dev has, asks for rsfoo <2."
    )
    assert rules({"uv.lock": UV, "x.dist-info/METADATA": metadata.replace("<2", ">=1")}) == []


def test_a_set_that_does_not_look_at_main_is_told() -> None:
    assert rules({"main.in": "rsfoo\n", "dev.in": "pytest\n"}) == ["unconstrained"]
    assert rules({"main.in": "rsfoo\n", "dev.in": "-c main.txt\npytest\n"}) == []


# --- Forks: one project at several versions, each where its marker holds -------------------------
BELOW, FROM = "python_full_version < '3.14'", "python_full_version >= '3.14'"


def forked_txt(**markers: str) -> str:
    """``v1="..."``: rsfoo at these versions, where these markers hold."""
    lines = (
        f"rsfoo=={version.removeprefix('v')}.0 ; {marker} \\\n    --hash={SHA}\n"
        for version, marker in markers.items()
    )
    return "".join(lines)


def forked_uv(**markers: str) -> str:
    rows = "".join(
        f'[[package]]\nname = "rsfoo"\nversion = "{version.removeprefix("v")}.0"\n'
        f'resolution-markers = ["{marker}"]\nsource = {{ registry = "http://127.0.0.1/simple" }}\n'
        f'wheels = [{{ url = "http://127.0.0.1/rsfoo.whl", hash = "{SHA}" }}]\n'
        for version, marker in markers.items()
    )
    return (
        'version = 1\n[[package]]\nname = "shop"\nversion = "0"\nsource = { virtual = "." }\n'
        f'dependencies = [{{ name = "rsfoo" }}]\n{rows}'
    )


def forked_poetry(**markers: str) -> str:
    return "".join(
        f'[[package]]\nname = "rsfoo"\nversion = "{version.removeprefix("v")}.0"\n'
        f'groups = ["main", "dev"]\nmarkers = {{main = "{marker}", dev = "{marker}"}}\n'
        f'files = [{{file = "rsfoo.whl", hash = "{SHA}"}}]\n'
        for version, marker in markers.items()
    )


def conflicts(files: dict[str, str]) -> list[str]:
    return [one.text for one in lint(files) if one.rule in {"split-pin", "held-back"}]


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            {
                "main.txt": forked_txt(v1="sys_platform == 'win32'"),
                "dev.txt": forked_txt(v2="sys_platform == 'linux'"),
            },
            id="platforms",
        ),
        pytest.param(
            {
                "main.txt": forked_txt(v1="python_version < '3.11'"),
                "dev.txt": forked_txt(v2="python_full_version >= '3.12'"),
            },
            id="pythons",
        ),
        pytest.param(
            {name: forked_txt(v1=BELOW, v2=FROM) for name in ("main.txt", "dev.txt")},
            id="requirements",
        ),
        pytest.param(
            {"main.txt": forked_txt(v1=BELOW, v2=FROM), "uv.lock": forked_uv(v1=BELOW, v2=FROM)},
            id="uv",
        ),
        pytest.param(
            {
                "main.txt": forked_txt(v1=BELOW, v2=FROM),
                "poetry.lock": forked_poetry(v1=BELOW, v2=FROM),
            },
            id="poetry",
        ),
    ],
)
def test_versions_that_never_meet_are_no_conflict(files: dict[str, str]) -> None:
    assert conflicts(files) == []


@pytest.mark.parametrize(
    "joint",
    [
        {"uv.lock": forked_uv(v1=BELOW, v2=FROM)},
        {"poetry.lock": forked_poetry(v1=BELOW, v2=FROM)},
    ],
    ids=["uv", "poetry"],
)
def test_what_is_held_back_for_some_pythons_is_found(joint: dict[str, str]) -> None:
    (found,) = conflicts({**joint, "main.txt": forked_txt(v2="python_version >= '3.9'")})

    assert found == (
        f"rsfoo is held back: 1.0 ({BELOW}) with all sets, "
        '2.0 (python_version >= "3.9") by itself; main.txt is the main set by itself.'
    )
