"""Each mistake of published instructions, traps of the tools, and what must stay silent."""

import pytest

from integrations.policy.linting import RULES, Severity, lint

FIXED = ".platform.app.yaml"
FLEX = ".upsun/config.yaml"


def fixed(
    *, python: str = "3.13", build: str = "set -eu\nuv sync --locked --no-dev", **more: str
) -> str:
    lines = ["name: shop", f"type: 'python:{python}'", *more.values(), "hooks:", "  build: |"]
    return "\n".join([*lines, *(f"    {line}" for line in build.splitlines())]) + "\n"


def flex(body: str) -> str:
    lines = "\n".join(f"    {line}" for line in body.splitlines())
    return f"applications:\n  shop:\n    type: 'python:3.13'\n{lines}\n"


BUILD = "hooks:\n  build: |\n    set -eu\n    uv sync --locked --no-dev\n"
HASH = f"--hash=sha256:{'0' * 64}"
IMAGE = 'FROM python:3.13-slim AS build\n{}\nFROM python:3.13-slim\n{}\nUSER 10001\nCMD ["x"]\n'

# Id: the rule that must be found, its line, the name of the file and its text.
CASES: dict[str, tuple[str, int, str, str]] = {
    # --- What published pages get wrong ---
    "a pip that does not start": (
        "tool-too-old", 5, FIXED,
        fixed(python="3.14", v="variables:\n  env:\n    PIP_VERSION: '22.3.1'"),
    ),
    "a Pipenv that does not start": (
        "tool-too-old", 5, FIXED,
        fixed(python="3.12", d="dependencies:\n  python3:\n    pipenv: '2022.12.19'"),
    ),
    "a Pipenv that locks categories apart": (
        "pipenv-disagrees", 5, FIXED,
        fixed(d="dependencies:\n  python3:\n    pipenv: '2024.4.1'"),
    ),
    "variables below python3": (
        "unreadable", 7, FLEX,
        ("applications:\n  shop:\n    type: 'python:3.13'\n    dependencies:\n      python3:\n"
         "        poetry: '2.5.1'\n       variables:\n        env: {}\n"),
    ),
    "a lower bound as a pin": (
        "tool-unpinned", 5, FIXED, fixed(d="dependencies:\n  python3:\n    poetry: '>=1.8'"),
    ),
    "any version": (
        "tool-unpinned", 5, FIXED, fixed(d="dependencies:\n  python3:\n    uv: '*'"),
    ),
    "plain poetry install makes a lock": (
        "poetry-unchecked", 6, FIXED, fixed(build="set -eu\npoetry install"),
    ),
    "plain poetry install wants a package": (
        "poetry-root", 6, FIXED, fixed(build="set -eu\npoetry install"),
    ),
    "plain poetry install takes tests": (
        "development-in-production", 6, FIXED, fixed(build="set -eu\npoetry install"),
    ),
    "a variable that nothing sets, in .environment": (
        "unset-variable", 1, ".environment",
        'if [ -n "$POETRY_VERSION" ]; then\n    export PATH="/app/.local/bin:$PATH"\nfi\n',
    ),
    "a variable that nothing sets, in a hook": (
        "unset-variable", 6, FIXED,
        fixed(build='set -eu\nexport PATH="$HOME/$POETRY_VERSION/bin:$PATH"'),
    ),
    "no environment": (
        "no-virtualenv", 5, FIXED,
        fixed(v="variables:\n  env:\n    POETRY_VIRTUALENVS_CREATE: 'false'"),
    ),
    "lower case": (
        "variable-name", 5, FIXED, fixed(v="variables:\n  env:\n    uv_CACHE_DIR: /tmp/uv"),
    ),
    "uv run at start": (
        "uv-run-read-only", 5, FLEX,
        flex("web:\n  commands: {start: uv run --no-sync gunicorn shop.wsgi}\n" + BUILD),
    ),
    "no program behind run": (
        "no-program", 5, FLEX,
        flex("web:\n  commands: {start: 'poetry run -u $SOCKET shop.asgi:application'}\n" + BUILD),
    ),
    "local on Flex": (
        "mount-source", 5, FLEX, flex("mounts:\n  media: {source: local}\n" + BUILD),
    ),
    "collectstatic in deploy": (
        "writes-in-deploy", 9, FLEX,
        flex(BUILD + "  deploy: |\n    python manage.py collectstatic --noinput\n"),
    ),
    # --- Structure and values ---
    "storage on Fixed": (
        "mount-source", 5, FIXED, fixed(d="disk: 512", m="mounts:\n  media: {source: storage}"),
    ),
    "no disk": ("missing-disk", 3, FIXED, fixed(m="mounts:\n  media: {source: local}")),
    "a key of Fixed": ("structure", 4, FLEX, flex("disk: 512\n" + BUILD)),
    "a misspelt key": ("structure", 3, FIXED, fixed(m="mount: {}")),
    "a key twice": ("duplicate-key", 4, FIXED, fixed(a="disk: 512", b="disk: 1024")),
    "a number": (
        "unquoted", 5, FIXED, fixed(v="variables:\n  env:\n    PIP_VERSION: 26.3"),
    ),
    "a switch": (
        "unquoted", 5, FIXED, fixed(v="variables:\n  env:\n    UV_COMPILE_BYTECODE: true"),
    ),
    "a dollar": (
        "no-expansion", 5, FIXED,
        fixed(v="variables:\n  env:\n    UV_CACHE_DIR: $PLATFORM_CACHE_DIR/uv"),
    ),
    "a misspelt variable": (
        "variable-name", 5, FIXED,
        fixed(v="variables:\n  env:\n    PIPENV_VENV_IN_PROJET: '1'"),
    ),
    "no build": ("no-build", 1, FIXED, "name: shop\ntype: 'python:3.13'\n"),
    "the other socket": (
        "port-or-socket", 6, FLEX,
        flex("web:\n  upstream: {socket_family: unix}\n"
             "  commands: {start: 'gunicorn --bind :$PORT shop.wsgi'}\n" + BUILD),
    ),
    "a tool at start": (
        "tool-at-start", 5, FLEX,
        flex("web:\n  commands: {start: pipenv run gunicorn shop.wsgi}\n" + BUILD),
    ),
    # --- Hooks ---
    "no set -e": ("no-set-e", 5, FIXED, fixed(build="pipenv verify\npipenv sync")),
    "a pipe": (
        "pipe", 6, FIXED,
        fixed(build="set -eu\nP/bin/pip install --require-hashes -r main.txt | tail -n 5"),
    ),
    "or true": ("lost-failure", 7, FIXED,
                fixed(build="set -eu\npipenv verify\npipenv sync || true")),
    "sync alone": ("pipenv-unverified", 6, FIXED, fixed(build="set -eu\npipenv sync")),
    "pipenv install": ("pipenv-install", 6, FIXED, fixed(build="set -eu\npipenv install")),
    "system": (
        "no-virtualenv", 6, FIXED, fixed(build="set -eu\npipenv install --system --deploy"),
    ),
    "pipenv dev": (
        "development-in-production", 7, FIXED,
        fixed(build="set -eu\npipenv verify\npipenv sync --dev"),
    ),
    "frozen": ("uv-frozen", 6, FIXED, fixed(build="set -eu\nuv sync --frozen --no-dev")),
    "not locked": ("uv-unlocked", 6, FIXED, fixed(build="set -eu\nuv sync --no-dev")),
    "uv takes dev": (
        "development-in-production", 6, FIXED, fixed(build="set -eu\nuv sync --locked"),
    ),
    "no hashes required": (
        "no-require-hashes", 6, FIXED,
        fixed(build="set -eu\nP/bin/pip install -r requirements/main.txt"),
    ),
    "pip upgrades itself": (
        "tool-unpinned", 6, FIXED,
        fixed(build="set -eu\npython3.13 -m pip install --upgrade pip"),
    ),
    "a package by name": (
        "unlocked-install", 6, FIXED, fixed(build="set -eu\nP/bin/pip install gunicorn"),
    ),
    "one after the other": (
        "one-after-the-other", 7, FIXED,
        fixed(build="set -eu\nP/bin/pip install --require-hashes -r main.txt\n"
                    "P/bin/pip install --require-hashes -r dev.txt"),
    ),
    "no pip check": (
        "no-pip-check", 6, FIXED,
        fixed(build="set -eu\nP/bin/pip install --no-deps --require-hashes -r main.txt"),
    ),
    "an environment that is not empty": (
        "venv-not-cleared", 6, FIXED,
        fixed(build="set -eu\npython3 -m venv P\nP/bin/pip install --require-hashes -r main.txt"),
    ),
    "PIP_USER": (
        "pip-user", 6, FIXED,
        fixed(build="set -eu\nP/bin/pip install --require-hashes -r main.txt"),
    ),
    "locking in the build": (
        "lock-in-build", 6, FIXED, fixed(build="set -eu\npoetry lock"),
    ),
    "migrate in the build": (
        "services-in-build", 6, FIXED, fixed(build="set -eu\n.venv/bin/python manage.py migrate"),
    ),
    "a check in deploy": (
        "check-too-late", 9, FIXED,
        fixed() + "  deploy: |\n    set -eu\n    pipenv verify\n",
    ),
    "poetry config": (
        "no-virtualenv", 6, FIXED,
        fixed(build="set -eu\npoetry config virtualenvs.create false"),
    ),
    "an old pip in the hook": (
        "tool-too-old", 6, FIXED, fixed(build="set -eu\npython3 -m pip install pip==22.3.1"),
    ),
    # --- Requirement files ---
    "unpinned": ("unpinned", 2, "requirements.txt", f"a==1 {HASH}\nb>=2 {HASH}\n"),
    "unhashed": ("unhashed", 1, "requirements.txt", "a==1\nb==2\n"),
    "partly hashed": ("partly-hashed", 3, "requirements.txt", f"a==1 \\\n    {HASH}\nb==2\n"),
    "weak": ("weak-hash", 1, "requirements.txt", "a==1 --hash=md5:0123\n"),
    "editable": ("editable", 1, "requirements.txt", "-e ../billing\n"),
    "a file": ("local-path", 1, "requirements.txt", "billing @ file:///home/ana/billing\n"),
    "a folder": ("local-path", 1, "requirements.txt", "./billing\n"),
    "an address": ("address", 1, "requirements.txt", "b @ git+https://git.example.org/b@main\n"),
    "tests in main": ("test-tool", 1, "requirements/main.txt", f"pytest==9.0 {HASH}\n"),
    "twice": ("double-pin", 2, "requirements.txt", f"a==1 {HASH}\na==2 {HASH}\n"),
    "two indexes": (
        "second-index", 1, "requirements.in", "--extra-index-url https://x.example.org/simple/\n",
    ),
    "a password": (
        "credentials", 1, "requirements.in", "-i https://ana:sesame@x.example.org/simple/\n",
    ),
    "no requirement": ("unreadable", 1, "requirements.txt", "a = = 1\n"),
    # --- .environment, Dockerfile, tox.ini ---
    "it prints": ("prints", 1, ".environment", "echo Ready\n"),
    "bash alone": ("bashism", 1, ".environment", "if [[ -n $A ]]; then\n    :\nfi\n"),
    "source": ("bashism", 1, ".environment", "source .venv/bin/activate\n"),
    "one stage": (
        "single-stage", 1, "Dockerfile",
        'FROM python:3.13\nRUN pip install --require-hashes -r main.txt\nUSER 1\nCMD ["x"]\n',
    ),
    "latest": ("loose-image", 1, "Dockerfile", 'FROM python:latest\nUSER 1\nCMD ["x"]\n'),
    "no tag": ("loose-image", 1, "Dockerfile", 'FROM python\nUSER 1\nCMD ["x"]\n'),
    "a tool's image": (
        "loose-image", 2, "Dockerfile",
        IMAGE.format("COPY --from=registry.example.org/uv:latest /uv /bin/", ""),
    ),
    "root": ("root-user", 1, "Dockerfile", 'FROM python:3.13\nCMD ["x"]\n'),
    "a shell": ("shell-form", 3, "Dockerfile", "FROM python:3.13\nUSER 1\nCMD x --bind :80\n"),
    "moved": (
        "moved-environment", 4, "Dockerfile",
        IMAGE.format("RUN python -m venv /build/env", "COPY --from=build /build/env /app"),
    ),
    "another base": (
        "other-base", 3, "Dockerfile",
        ('FROM python:3.13 AS build\nFROM python:3.12\nCOPY --from=build /a/.venv /a/.venv\n'
         'USER 1\nCMD ["x"]\n'),
    ),
    "code first": (
        "copied-first", 2, "Dockerfile",
        IMAGE.format("COPY . .\nRUN P/bin/pip install --require-hashes -r requirements.txt", ""),
    ),
    "pip in an image": (
        "no-require-hashes", 3, "Dockerfile",
        IMAGE.format("RUN true \\\n && P/bin/pip install -r requirements.txt", ""),
    ),
    "a semicolon": (
        "lost-failure", 2, "Dockerfile", IMAGE.format("RUN pipenv verify; pipenv sync", ""),
    ),
    "tox resolves": ("tox-unlocked", 2, "tox.ini", "[testenv]\ndependency_groups = dev\n"),
    "tox and pylock": (
        "tox-pylock", 3, "tox.ini", "[testenv]\nrunner = uv-venv-runner\npylock = pylock.toml\n",
    ),
    "a source outside": (
        "address", 2, "pyproject.toml",
        '[tool.uv.sources]\nbilling = { git = "https://git.example.org/billing" }\n',
    ),
    "poetry.toml": ("no-virtualenv", 2, "poetry.toml", "[virtualenvs]\ncreate = false\n"),
    "in-project in poetry.toml": (
        "no-virtualenv", 2, "poetry.toml", "[virtualenvs]\nin-project = true\ncreate = false\n",
    ),
    "in-project in a hook": (
        "no-virtualenv", 7, FIXED,
        fixed(build="export POETRY_VIRTUALENVS_CREATE=0\n\n"
                    "export POETRY_VIRTUALENVS_IN_PROJECT=1\n"),
    ),
    "in-project in an image": (
        "no-virtualenv", 2, "Dockerfile",
        IMAGE.format("ENV POETRY_VIRTUALENVS_IN_PROJECT=1\nENV POETRY_VIRTUALENVS_CREATE=0", ""),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("rule", "line", "path", "text"), CASES.values(), ids=CASES)
def test_a_mistake_is_found_at_its_line(rule: str, line: int, path: str, text: str) -> None:
    found = [(one.rule, one.line) for one in lint({path: text})]

    assert (rule, line) in found


SILENT = {
    "set -e with options": fixed(build="set -o errexit -eu\nuv sync --locked --no-dev"),
    "words of others": fixed(build='set -eu\necho "pipenv sync | tail" # pip install x\n'),
    "a condition": fixed(build='set -eu\nif [ -n "$CI" ]; then uv sync --locked --no-dev; fi'),
    "here documents": fixed(build="set -eu\ncat > x <<END\npipenv sync\nEND"),
    "variables instead of options": fixed(
        v="variables:\n  env: {UV_LOCKED: '1', UV_NO_DEV: '1'}", build="set -eu\nuv sync"
    ),
    "an alias": "name: shop\ntype: 'python:3.13'\nvariables: {env: &e {A: 'b'}}\n"
    "workers: {w: {commands: {start: .venv/bin/x}, variables: {env: *e}}}\n" + BUILD,
}


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT)
def test_what_is_right_is_left_alone(text: str) -> None:
    assert lint({FIXED: text}) == []


def test_a_file_in_another_folder_is_told() -> None:
    text = flex("web:\n  commands: {start: .venv/bin/uwsgi conf/uwsgi.ini}\n" + BUILD)

    (found,) = lint({FLEX: text, "config/uwsgi.ini": ""})

    assert (found.rule, found.line) == ("path-elsewhere", 5)
    assert found.text == "conf/uwsgi.ini is not there, but config/uwsgi.ini is."


def test_every_rule_has_what_a_reader_needs() -> None:
    for rule in RULES.values():
        assert rule.severity in Severity
        assert rule.meaning.endswith(".")
        assert rule.mend.strip()
        assert rule.example.strip()
    assert len({rule.anchor for rule in RULES.values()}) == len(RULES)
