"""Names of environment variables that the tools read, and names that are nearly right."""

import difflib
import re
from collections.abc import Iterator, Mapping

from integrations.policy.linting.findings import Finding
from integrations.policy.linting.rules import finding

TOOLS = ("UV_", "POETRY_", "PIPENV_", "PIP_")
KNOWN = frozenset(
    [
        "PIP_BREAK_SYSTEM_PACKAGES",
        "PIP_BUILD_CONSTRAINT",
        "PIP_CACHE_DIR",
        "PIP_CERT",
        "PIP_CONFIG_FILE",
        "PIP_CONSTRAINT",
        "PIP_DEFAULT_TIMEOUT",
        "PIP_DISABLE_PIP_VERSION_CHECK",
        "PIP_EXTRA_INDEX_URL",
        "PIP_FIND_LINKS",
        "PIP_INDEX_URL",
        "PIP_NO_BINARY",
        "PIP_NO_CACHE_DIR",
        "PIP_NO_DEPS",
        "PIP_NO_INDEX",
        "PIP_NO_INPUT",
        "PIP_ONLY_BINARY",
        "PIP_PREFIX",
        "PIP_PROGRESS_BAR",
        "PIP_PYTHON",
        "PIP_QUIET",
        "PIP_REQUIREMENT",
        "PIP_REQUIRE_HASHES",
        "PIP_REQUIRE_VIRTUALENV",
        "PIP_RETRIES",
        "PIP_ROOT_USER_ACTION",
        "PIP_TARGET",
        "PIP_TIMEOUT",
        "PIP_TRUSTED_HOST",
        "PIP_UPLOADED_PRIOR_TO",
        "PIP_USER",
        "PIP_VERBOSE",
        "PIP_VERSION",
        "PIPENV_CACHE_DIR",
        "PIPENV_CUSTOM_VENV_NAME",
        "PIPENV_DEFAULT_PYTHON_VERSION",
        "PIPENV_DONT_LOAD_ENV",
        "PIPENV_HIDE_EMOJIS",
        "PIPENV_IGNORE_VIRTUALENVS",
        "PIPENV_INSTALL_TIMEOUT",
        "PIPENV_MAX_DEPTH",
        "PIPENV_MAX_RETRIES",
        "PIPENV_NOSPIN",
        "PIPENV_PIPFILE",
        "PIPENV_PYPI_MIRROR",
        "PIPENV_PYTHON",
        "PIPENV_QUIET",
        "PIPENV_RESOLVE_VCS",
        "PIPENV_SKIP_LOCK",
        "PIPENV_TIMEOUT",
        "PIPENV_VENV_IN_PROJECT",
        "PIPENV_VERBOSITY",
        "PIPENV_VERSION",
        "PIPENV_YES",
        "POETRY_CACHE_DIR",
        "POETRY_CONFIG_DIR",
        "POETRY_DATA_DIR",
        "POETRY_HOME",
        "POETRY_INSTALLER_MAX_WORKERS",
        "POETRY_INSTALLER_PARALLEL",
        "POETRY_INSTALLER_RE_RESOLVE",
        "POETRY_NO_INTERACTION",
        "POETRY_REQUESTS_TIMEOUT",
        "POETRY_SOLVER_LAZY_WHEEL",
        "POETRY_SOLVER_MIN_RELEASE_AGE",
        "POETRY_VERSION",
        "POETRY_VIRTUALENVS_CREATE",
        "POETRY_VIRTUALENVS_IN_PROJECT",
        "POETRY_VIRTUALENVS_PATH",
        "UV_CACHE_DIR",
        "UV_COMPILE_BYTECODE",
        "UV_CONCURRENT_DOWNLOADS",
        "UV_CONFIG_FILE",
        "UV_CONSTRAINT",
        "UV_DEFAULT_INDEX",
        "UV_EXCLUDE_NEWER",
        "UV_EXTRA_INDEX_URL",
        "UV_FROZEN",
        "UV_INDEX",
        "UV_INDEX_STRATEGY",
        "UV_INDEX_URL",
        "UV_LINK_MODE",
        "UV_LOCKED",
        "UV_NATIVE_TLS",
        "UV_NO_BINARY",
        "UV_NO_BUILD",
        "UV_NO_CACHE",
        "UV_NO_CONFIG",
        "UV_NO_DEV",
        "UV_NO_EDITABLE",
        "UV_NO_PROGRESS",
        "UV_NO_SYNC",
        "UV_OFFLINE",
        "UV_OVERRIDE",
        "UV_PROJECT",
        "UV_PROJECT_ENVIRONMENT",
        "UV_PYTHON",
        "UV_PYTHON_DOWNLOADS",
        "UV_PYTHON_INSTALL_DIR",
        "UV_PYTHON_PREFERENCE",
        "UV_REQUIRE_HASHES",
        "UV_SYSTEM_CERTS",
        "UV_SYSTEM_PYTHON",
        "UV_TOOL_BIN_DIR",
        "UV_TOOL_DIR",
        "UV_VERSION",
        "UV_WORKING_DIRECTORY",
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONUNBUFFERED",
        "VIRTUAL_ENV",
        "WORKON_HOME",
        "XDG_CACHE_HOME",
    ]
)
CREATE, IN_PROJECT = "POETRY_VIRTUALENVS_CREATE", "POETRY_VIRTUALENVS_IN_PROJECT"
NEARLY = 0.9  # Of difflib: one letter wrong in ten.
YES = frozenset(["1", "true", "yes", "on", "t", "y"])
NO = frozenset(["0", "false", "no", "off", "f", "n"])
UNSET_TOOLS = ("PIP_VERSION", "PIPENV_VERSION", "POETRY_VERSION", "UV_VERSION")
USE = re.compile(r"\$\{?(" + "|".join(UNSET_TOOLS) + r")\b(:?[-=])?")


def check_variable(path: str, line: int, name: str, value: str) -> Iterator[Finding]:
    """Yield what is wrong with setting *name* to *value*, whoever sets it."""
    upper = name.upper()
    if name != upper and (upper in KNOWN or upper.startswith(TOOLS)):
        yield finding("variable-name", path, line, f"{name} is ignored: it is {upper}.")
    elif name not in KNOWN and name.startswith(TOOLS):
        near = difflib.get_close_matches(name, sorted(KNOWN), n=1, cutoff=NEARLY)
        if near:
            yield finding("variable-name", path, line, f"{name} is ignored: it is {near[0]}.")
    low = value.strip().lower()
    if upper == CREATE and low in NO:
        yield finding("no-virtualenv", path, line, f"{name} is {value}.")
    if upper == "UV_FROZEN" and low in YES:
        yield finding("uv-frozen", path, line, f"{name} is {value}.")
    if upper == "UV_SYSTEM_PYTHON" and low in YES:
        yield finding("no-virtualenv", path, line, f"{name} is {value}.")


def check_in_project(path: str, line: int, values: Mapping[str, str]) -> Iterator[Finding]:
    """Yield an IN_PROJECT that does nothing; *line* is where it is set."""
    is_wanted = values.get(IN_PROJECT, "").strip().lower() in YES
    if is_wanted and values.get(CREATE, "").strip().lower() in NO:
        yield finding(
            "no-virtualenv", path, line, f"{IN_PROJECT} makes no .venv where {CREATE} is false."
        )


def check_uses(path: str, line: int, text: str, known: set[str]) -> Iterator[Finding]:
    """Yield variables with the version of a tool that *text* uses and nothing sets."""
    for name, has_default in dict.fromkeys(USE.findall(text)):
        if name not in known and not has_default:
            yield finding("unset-variable", path, line, f"Nothing sets {name}.")
