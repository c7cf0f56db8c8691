"""The files of each platform: they make the environment in the build, and only use it later."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping

from matrix.rules.rendering.yaml import Node, yaml_lines
from portal.guidance.generating.choice import PORT, Choice
from portal.guidance.generating.locked_tool import FOLDER, REMOVE, REMOVED_AT_THE_END
from portal.guidance.generating.ways import TOOL_LOCK, Way

UPSUN_CACHE = "$PLATFORM_CACHE_DIR"
STRICT = "set -eu"
USER = 10001
PLAIN = re.compile(r"[A-Za-z0-9._:/@%+=,-]+")
# What decides the environment: a change of the code alone reuses its layer.
COPIED_FIRST = {
    "pip": "COPY requirements/ requirements/",
    "pip-tools": "COPY requirements/ requirements/",
    "pipenv": "COPY Pipfile Pipfile.lock ./",
    "poetry": "COPY pyproject.toml poetry.lock ./",
    "uv": "COPY pyproject.toml uv.lock ./",
}


def platform_files(choice: Choice, way: Way) -> dict[str, str]:
    """Return the files of the platform by their paths."""
    match choice.platform:
        case "upsun-fixed":
            return {".platform.app.yaml": _yaml(_fixed(choice, way)), ".environment": _dash(choice)}
        case "upsun-flex":
            return {".upsun/config.yaml": _yaml(_flex(choice, way)), ".environment": _dash(choice)}
        case "docker":
            return {
                "Dockerfile": "\n".join(_dockerfile(choice, way)) + "\n",
                ".dockerignore": _dockerignore(choice),
            }
    return {
        "build.sh": _script(_server_lines(choice, way)),
        "start.sh": _script(["set -eu", f"exec {' '.join(choice.program)}"]),
    }


def build_lines(choice: Choice, way: Way, *, cache: str) -> list[str]:
    """Return the shell lines from a check-out to an environment that is ready to serve."""
    caches = [
        f'{name}="{cache}/{folder}"' if folder else f'{name}="{cache}"'
        for name, folder in way.caches.items()
    ]
    lines = [STRICT, f"export {' '.join(caches)}", *way.make]
    if choice.is_django:
        lines.append(f"{choice.environment}/bin/python manage.py collectstatic --noinput")
    return lines


def _server_lines(choice: Choice, way: Way) -> list[str]:
    """Return the build of a server: nothing but the script itself sets variables there."""
    strict, *lines = build_lines(choice, way, cache="${CACHE_DIR:-$HOME/.cache}")
    exports = [f"export {name}={shlex.quote(value)}" for name, value in way.variables.items()]
    if FOLDER in lines:
        after = lines.index(FOLDER) + 1
        lines[after:after] = REMOVED_AT_THE_END
    return [strict, *exports, *lines]


def _script(lines: list[str]) -> str:
    return "\n".join(["#!/bin/sh", *lines]) + "\n"


def _yaml(node: Node) -> str:
    return "\n".join(yaml_lines(node)) + "\n"


# --- Upsun ---------------------------------------------------------------------------------------
def _fixed(choice: Choice, way: Way) -> Mapping[str, Node]:
    mounts: Mapping[str, Node] = {"media": {"source": "local", "source_path": "media"}}
    return {"name": choice.application, **_app(choice, way), "disk": 512, "mounts": mounts}


def _flex(choice: Choice, way: Way) -> Mapping[str, Node]:
    mounts: Mapping[str, Node] = {"media": {"source": "storage", "source_path": "media"}}
    app: Mapping[str, Node] = {"source": {"root": "/"}, **_app(choice, way), "mounts": mounts}
    return {
        "applications": {choice.application: app},
        "routes": {
            "https://{default}/": {"type": "upstream", "upstream": f"{choice.application}:http"}
        },
    }


def _app(choice: Choice, way: Way) -> Mapping[str, Node]:
    app: dict[str, Node] = {"type": f"python:{choice.python}"}
    if way.tools:
        app["dependencies"] = {"python3": dict(way.tools)}
    if way.variables:
        app["variables"] = {"env": dict(way.variables)}
    hooks = {"build": _block(build_lines(choice, way, cache=UPSUN_CACHE))}
    if choice.is_django:
        migrate = f"{choice.environment}/bin/python manage.py migrate --noinput"
        hooks["deploy"] = _block([STRICT, migrate])
    app["hooks"] = hooks
    start = " ".join(choice.program)
    locations: dict[str, Node] = {"/": {"passthru": True}}
    if choice.is_django:
        locations["/static"] = {"root": "static", "expires": "1h", "allow": True}
    app["web"] = {
        "upstream": {"socket_family": "tcp" if "PORT" in start else "unix"},
        "commands": {"start": start},
        "locations": locations,
    }
    return app


def _block(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


def _dash(choice: Choice) -> str:
    """Return what dash sources at every start: it prints nothing, and changes nothing it lacks."""
    root = "" if choice.is_absolute else "${PLATFORM_APP_DIR:-/app}/"
    path = f"{root}{choice.environment}"
    return (
        f'if [ -x "{path}/bin/python" ]; then\n'
        f'    export VIRTUAL_ENV="{path}"\n'
        '    export PATH="$VIRTUAL_ENV/bin:$PATH"\n'
        "fi\n"
    )


# --- Docker --------------------------------------------------------------------------------------
def _dockerfile(choice: Choice, way: Way) -> Iterator[str]:
    root = f"/srv/{choice.application}"
    tag = f"python:{choice.python}-slim"
    yield "# syntax=docker/dockerfile:1"
    if choice.base_image:
        yield "# Both stages start from the same image."
    else:
        yield f"# Both stages start from the same image: pin it by its digest ({tag}@sha256:…)."
    yield f"ARG BASE={choice.base_image or tag}"
    yield from ("", "FROM ${BASE} AS build")
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    variables = {**way.variables, **quiet}
    yield "ENV " + " \\\n    ".join(f"{name}={_env(value)}" for name, value in variables.items())
    yield f"WORKDIR {root}"
    yield from _copied_first(choice)
    tools = " ".join(f'"{name}=={version}"' for name, version in way.tools.items())
    install = [f"python3 -m pip install --no-cache-dir {tools}"] if tools else []
    yield "RUN --mount=type=cache,target=/root/.cache \\"
    caches = " ".join(f"{n}=/root/.cache/{folder}".rstrip("/") for n, folder in way.caches.items())
    remove = [REMOVE] if FOLDER in way.make else []
    yield " \\\n && ".join([f"    export {caches}", *install, *way.make, *remove])
    yield from ("COPY . .", *_collect(choice, root))
    yield from ("", "FROM ${BASE}")
    yield f"RUN useradd --system --no-create-home --uid {USER} application"
    yield f"COPY --from=build {root} {root}"
    if not choice.environment.startswith(f"{root}/"):
        yield f"COPY --from=build {choice.environment} {choice.environment}"
    yield f"ENV PATH={choice.environment}/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1"
    yield from (f"WORKDIR {root}", f"USER {USER}", f"EXPOSE {PORT}")
    yield f"CMD {json.dumps(choice.program)}"


def _env(value: str) -> str:
    """Write a value of ENV: in double quotes where anything in it might be read as more."""
    if PLAIN.fullmatch(value):
        return value
    return '"' + re.sub(r'[\\"$]', r"\\\g<0>", value) + '"'


def _copied_first(choice: Choice) -> Iterator[str]:
    yield COPIED_FIRST[choice.tool]
    if choice.locks_tool and not COPIED_FIRST[choice.tool].startswith("COPY requirements/"):
        yield f"COPY {TOOL_LOCK} requirements/"
    if choice.installs_pylock:
        yield "COPY pylock.toml ./"


def _collect(choice: Choice, root: str) -> Iterator[str]:
    if choice.is_django:
        yield (
            f"RUN STATIC_ROOT={root}/static "
            f"{choice.environment}/bin/python manage.py collectstatic --noinput"
        )


def _dockerignore(choice: Choice) -> str:
    lines = [".git", ".tox", "**/__pycache__", "*.sock"]
    if choice.is_django:
        lines.append("static/")  # Collected in the image; elsewhere it may be the application's.
    if not choice.environment_path.startswith("/"):
        lines.append(f"{choice.environment_path}/")
    return "".join(f"{line}\n" for line in lines)
