"""What guidance is asked for, and what speaks against it."""

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from packaging.version import InvalidVersion, Version

REVIEWED = "reviewed"  # A group and a category with the published pins; no set is called so.
TOOLS = ("pip", "pip-tools", "pipenv", "poetry", "uv")
PLATFORMS = ("upsun-fixed", "upsun-flex", "docker", "server")
# Of Upsun's images, as its registry lists them (read on 20 Nov 2026).
UPSUN_PYTHONS = ("3.10", "3.11", "3.12", "3.13", "3.14")
UPSUN_DEPRECATED = ("3.10", "3.11", "3.12")
# The first Python on which a release fails to start, and the first release that does not: it uses
# pkgutil.ImpImporter, which is gone (run on 3.12.1 and 3.13.0).
WITHOUT_IMP_IMPORTER = 12  # The minor version of Python.
TOO_OLD_FROM_3_12 = {"pip": Version("23.1"), "pipenv": Version("2024.1.1")}
SERVERS = {"gunicorn": "--bind", "hypercorn": "--bind", "uvicorn": "--uds", "daphne": "-u"}
PORT = 8000
UPSUN_ROOT = "/app"  # Where Upsun puts the application.
FIRST_WITH_PYLOCK = Version("26.1")  # Of pip: it reads pylock.toml, and calls it experimental.
# Names and tags that tell which Python an image has: python:3.13-slim, uv:python3.13-trixie.
PYTHON_OF_IMAGE = re.compile(r"python[:-]?v?(3\.\d+)")
FIRST_WITH_CONTROL_SOCKET = Version("25.1")  # Of gunicorn: it writes below the home folder.


class CannotGenerate(ValueError):
    """A choice that no complete files can be made of; the message says what to change."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """An application and the way it is deployed."""

    application: str  # A slug.
    python: str  # "3.13"
    tool: str
    platform: str
    # Declared requirements of each set, the main one first.
    sets: Mapping[str, tuple[str, ...]] = field(
        default_factory=lambda: MappingProxyType({"main": (), "dev": ()})
    )
    versions: Mapping[str, str]  # Of the tools, exact: {"pip": "26.3", "uv": "0.13.8"}.
    pins: Mapping[str, str] = field(default_factory=dict)  # Of the main lock: {"gunicorn": "27.0"}
    environment_path: str = ".venv"
    start_command: str = "gunicorn --workers 4 portal.wsgi:application"
    index_url: str = ""  # Empty: the default of the tool.
    # What a Pipfile names where index_url is empty: the hash in its lock counts the index.
    default_index_url: str = ""
    is_django: bool = True  # Collect static files in the build, migrate in the deployment.
    test_command: str = ""  # Empty: what its kind of project is tested with.
    base_image: str = ""  # By digest; empty: the tag.
    locks_tool: bool = False  # The build installs its tool from requirements/tool.txt.
    installs_pylock: bool = False  # pip installs pylock.toml.
    cooldown_days: int = 0  # What makes a lock refuses releases that are younger.
    # By set, what is published: {"main": ("django==5.2.8",)}; markers stand behind " ; ".
    reviewed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    hashes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # Of "django==5.2.8".

    def __post_init__(self) -> None:
        if self.tool not in TOOLS:
            raise CannotGenerate(f'"{self.tool}" is no tool. Choose one of {", ".join(TOOLS)}.')
        if self.platform not in PLATFORMS:
            known = ", ".join(PLATFORMS)
            raise CannotGenerate(f'"{self.platform}" is no platform. Choose one of {known}.')
        if self.is_upsun and self.python not in UPSUN_PYTHONS:
            known = ", ".join(UPSUN_PYTHONS)
            raise CannotGenerate(f"Upsun has no image for Python {self.python}: it has {known}.")
        for name in self.needed_tools:
            self._check_tool(name)
        self._check_environment()
        self._check_command()
        self._check_image()
        self._check_pylock()

    def _check_environment(self) -> None:
        """Refuse a path where the build would empty more than an environment."""
        path = self.environment
        if self.is_upsun and self.is_absolute and not path.startswith(f"{UPSUN_ROOT}/"):
            raise CannotGenerate(
                f"The environment at {path} would not work on Upsun: the application is "
                f"{UPSUN_ROOT} itself, and only what is below it is deployed. Choose .venv."
            )
        root = f"/srv/{self.application}"
        if self.platform == "docker" and f"{root}/".startswith(f"{path}/"):
            raise CannotGenerate(
                f"{path} is the folder of the application in the image, and the environment is "
                "emptied on each build. Choose .venv or /app."
            )

    def _check_command(self) -> None:
        if "$" in self.start_command and self.platform == "docker":
            raise CannotGenerate(
                "A container starts its command without a shell, which leaves $PORT and $SOCKET as "
                "they are. Write the address."
            )
        if self.is_upsun and "$" not in " ".join(self.program):
            raise CannotGenerate(
                f'"{self.start_command}" does not say where it listens. Upsun passes requests on '
                "to $PORT or $SOCKET: add one of them."
            )

        if "$" in self.test_command:
            raise CannotGenerate(
                "tox runs its command without a shell, which leaves $PORT and $SOCKET as they are. "
                "Leave them out of the test command."
            )

    def _check_image(self) -> None:
        """Refuse an image that says of itself that it has another Python."""
        found = PYTHON_OF_IMAGE.search(self.base_image.partition("@")[0])
        if self.platform == "docker" and found and found[1] != self.python:
            raise CannotGenerate(
                f"The base image {self.base_image} has Python {found[1]}, and the locks are for "
                f"Python {self.python}. Choose an image with {self.python}, or the Python "
                f"{found[1]}."
            )

    def _check_pylock(self) -> None:
        if not self.installs_pylock:
            return
        if self.tool != "pip":
            raise CannotGenerate(
                f"{self.tool} does not install pylock.toml: only pip does. Choose pip, or its own "
                "lock."
            )
        if Version(self.versions["pip"]) < FIRST_WITH_PYLOCK:
            raise CannotGenerate(
                f"pip {self.versions['pip']} cannot read pylock.toml. Take {FIRST_WITH_PYLOCK} or "
                "a newer one, or install requirements/main.txt."
            )

    def _check_tool(self, name: str) -> None:
        text = self.versions.get(name, "")
        try:
            version = Version(text)
        except InvalidVersion:
            raise CannotGenerate(
                f"No exact version of {name} is known for Python {self.python}. "
                "Poll the index, or write one."
            ) from None
        too_old = TOO_OLD_FROM_3_12.get(name)
        if too_old and version < too_old and self.minor >= WITHOUT_IMP_IMPORTER:
            raise CannotGenerate(
                f"{name} {text} does not start on Python {self.python}. "
                f"Take {too_old} or a newer one."
            )

    @property
    def minor(self) -> int:
        """The 13 of 3.13."""
        return int(self.python.partition(".")[2])

    @property
    def is_upsun(self) -> bool:
        return self.platform in {"upsun-fixed", "upsun-flex"}

    @property
    def needed_tools(self) -> tuple[str, ...]:
        """What the generated files pin beside the packages of the locks."""
        own = {
            "pip": ("pip", "uv"),
            "pip-tools": ("pip", "pip-tools"),
            "pipenv": ("pipenv",),
            "poetry": ("poetry",),
            "uv": ("uv", "tox-uv"),
        }[self.tool]
        makes_its_lock = self.tool in {"pipenv", "poetry"} and self.locks_tool
        return (*own, "uv") if makes_its_lock else own

    @property
    def installing_tool(self) -> str:
        """The program that the build needs, and that a tool lock holds: pip-tools only locks."""
        return "pip" if self.tool == "pip-tools" else self.tool

    @property
    def others(self) -> tuple[str, ...]:
        """The sets that production does not install."""
        return tuple(name for name in self.sets if name != "main")

    @property
    def environment(self) -> str:
        """The path of the environment, in a container always from the root."""
        if self.platform == "docker" and not self.environment_path.startswith("/"):
            return f"/srv/{self.application}/{self.environment_path}"
        return self.environment_path

    @property
    def is_absolute(self) -> bool:
        return self.environment.startswith("/")

    @property
    def program(self) -> list[str]:
        """The words of the start command, with the environment's own program and an address."""
        program, *arguments = shlex.split(self.start_command)
        return [f"{self.environment}/bin/{program}", *self._server_options(program), *arguments]

    def _server_options(self, program: str) -> list[str]:
        given = self.start_command.split()
        option = SERVERS.get(program)
        options = []
        if program == "gunicorn" and self._has_control_socket("--no-control-socket", given):
            options.append("--no-control-socket")
        if option is None or any(_is_address(word, program) for word in given):
            return options
        return [*options, *self._address(program, option)]

    def _has_control_socket(self, option: str, given: list[str]) -> bool:
        text = self.pins.get("gunicorn", "")
        try:
            return option not in given and Version(text) >= FIRST_WITH_CONTROL_SOCKET
        except InvalidVersion:
            return False

    def _address(self, program: str, option: str) -> list[str]:
        if self.is_upsun:
            by_flag = program in {"uvicorn", "daphne"}
            return [option, "$SOCKET" if by_flag else "unix:$SOCKET"]
        host = "0.0.0.0" if self.platform == "docker" else "127.0.0.1"  # noqa: S104  (a container)
        match program:
            case "uvicorn":
                return ["--host", host, "--port", str(PORT)]
            case "daphne":
                return ["-b", host, "-p", str(PORT)]
        return ["--bind", f"{host}:{PORT}"]


# Options that say where a server listens; the same letters mean other things to other servers.
ADDRESSES = {
    "gunicorn": ("-b", "--bind"),
    "hypercorn": ("-b", "--bind", "--insecure-bind", "--quic-bind"),
    "uvicorn": ("--uds", "--host", "--port", "--fd"),
    "daphne": ("-u", "--unix-socket", "-p", "--port", "-b", "--bind", "--fd", "-e", "--endpoint"),
}


def _is_address(word: str, program: str) -> bool:
    """Whether *word* says where *program* listens: --bind=:80, -b :80, -b:80."""
    known = ADDRESSES[program]
    return word.partition("=")[0] in known or (word[:2] in known and word[1:2] != "-")
