"""A small Django application, and the generated hooks run on it as a platform would."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from matrix.environments.uv import configured_uv
from portal.guidance.generating import Choice, Guidance, generate
from portal.guidance.generating.facts import CHECKED
from tests.hooks.wheelhouse import WheelFolder

TOX_UV = "1.37.1"
PYTHON = f"3.{sys.version_info.minor}"
SITE = {
    "manage.py": """\
import os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
""",
    "shop/__init__.py": "",
    "shop/settings.py": """\
SECRET_KEY = "only for tests"
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "shop.urls"
INSTALLED_APPS = ["django.contrib.staticfiles"]
STATIC_URL = "/static/"
STATIC_ROOT = "static"
DATABASES = {}
""",
    "shop/urls.py": """\
from django.http import HttpResponse
from django.urls import path
urlpatterns = [path("", lambda request: HttpResponse("The shop is open."))]
""",
    "shop/wsgi.py": """\
import os
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
from django.core.wsgi import get_wsgi_application
application = get_wsgi_application()
""",
}


# The same answer without Django.
PLAIN = {
    "counter.py": """\
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"The shop is open."]
""",
    "tests/__init__.py": "",
    "tests/test_counter.py": """\
import unittest
from counter import application

class CounterTests(unittest.TestCase):
    def test_it_is_open(self):
        self.assertEqual(application({}, lambda *_: None), [b"The shop is open."])
""",
}
OF_TOOLS = ("pip install", "python -m pip install", "python3 -m pip install")


@dataclass(kw_only=True)
class Shop:
    """A check-out of the application, the tools of its developers, and its index."""

    folder: Path
    guidance: Guidance
    tools: Path  # Folder of programs; the platform has them where the build does not install its.
    index_url: str
    cache: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def choice(self) -> Choice:
        return self.guidance.choice

    def environment(self, *, has_tools: bool = True) -> dict[str, str]:
        """What a build sees: nothing of the host's configuration, and a hostile PIP_USER."""
        python = str(Path(sys.executable).resolve().parent)
        tools = [str(self.tools)] if has_tools else []
        return {
            "PATH": os.pathsep.join([*tools, python, "/usr/bin", "/bin"]),
            "HOME": str(self.folder),
            "PIP_USER": "true",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_NO_COMPILE": "1",  # Half of the time, and nothing that a test asks about.
            "PIP_PROGRESS_BAR": "off",
            "PLATFORM_CACHE_DIR": str(self.cache),
            "PLATFORM_APP_DIR": str(self.folder),
            "SOCKET": str(self.folder / "app.sock"),
            "UV_PYTHON_DOWNLOADS": "never",
            **self.variables(),
        }

    def app(self) -> Mapping[str, object]:
        """The application as the platform reads it."""
        content = yaml.safe_load((self.folder / ".platform.app.yaml").read_text(encoding="utf-8"))
        assert isinstance(content, dict)
        return content

    def variables(self) -> dict[str, str]:
        found = self.app().get("variables", {})
        assert isinstance(found, dict)
        return dict(found.get("env", {}))

    def sh(self, script: str, *, has_tools: bool = True) -> subprocess.CompletedProcess[str]:
        """Run *script* with dash in the folder of the application."""
        return subprocess.run(
            ["dash", "-c", script],
            cwd=self.folder,
            env=self.environment(has_tools=has_tools),
            text=True,
            capture_output=True,
            check=False,
        )

    def build(self) -> subprocess.CompletedProcess[str]:
        hooks = self.app()["hooks"]
        assert isinstance(hooks, dict)
        dependencies = self.app().get("dependencies", {})
        return self.sh(hooks["build"], has_tools=bool(dependencies))

    def tox(self) -> subprocess.CompletedProcess[str]:
        """Run the tests as the generated tox.ini says."""
        return self.sh("tox run")

    def lock(self) -> None:
        for step in self.guidance.lock:
            if step.command.startswith(OF_TOOLS):
                continue  # The tool is there already.
            done = self.sh(step.command)
            assert done.returncode == 0, done.stdout + done.stderr

    def change(self, path: str, old: str, new: str) -> None:
        file = self.folder / path
        text = file.read_text(encoding="utf-8")
        assert re.search(old, text), text
        file.write_text(re.sub(old, new, text, count=1), encoding="utf-8")

    @contextmanager
    def served(self) -> Iterator[None]:
        """Start the application with the generated start command, and end it again."""
        web = self.app()["web"]
        assert isinstance(web, dict)
        start = web["commands"]["start"]
        process = subprocess.Popen(
            ["dash", "-c", f"exec {start}"], cwd=self.folder, env=self.environment()
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(20)

    def page(self) -> str:
        """Ask for the first page through the socket; the server may need a moment."""
        until = time.monotonic() + 20
        while True:
            try:
                return _get(str(self.folder / "app.sock"))
            except OSError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)


def _get(path: str) -> str:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as way:
        way.settimeout(10)
        way.connect(path)
        way.sendall(b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n")
        answer = b"".join(iter(lambda: way.recv(65_536), b""))
    return answer.partition(b"\r\n\r\n")[2].decode()


def a_shop(tool: str, folder: Path, tools: Path, index: WheelFolder, **values: object) -> Shop:
    """Write the application with everything that the guidance generates for *tool*."""
    folder.mkdir(parents=True)
    fields: dict[str, object] = {
        "application": "shop",
        "python": PYTHON,
        "sets": {"main": ("django>=5.2,<6", "gunicorn"), "dev": ("tzdata",)},
        "versions": {**CHECKED, "tox-uv": TOX_UV},
        "pins": {"gunicorn": index.newest("gunicorn")},
        "start_command": "gunicorn --workers 1 shop.wsgi:application",
        "index_url": index.url,
        **values,
    }
    choice = Choice(tool=tool, platform="upsun-fixed", **fields)  # type: ignore[arg-type]
    guidance = generate(choice)
    for path, text in {**(SITE if choice.is_django else PLAIN), **guidance.files}.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return Shop(
        folder=folder,
        guidance=guidance,
        tools=tools,
        index_url=index.url,
        cache=folder.parent / "cache",
    )


def install_tool(name: str, folder: Path) -> Path:
    """
    Install what a developer has, at the versions that the facts were checked with, once.

    Return the folder with the programs: the tool, uv and tox.
    """
    programs = folder / "bin"
    if programs.exists():
        return programs
    environment = {
        **os.environ,
        "UV_TOOL_DIR": str(folder / "tools"),
        "UV_TOOL_BIN_DIR": str(programs),
    }
    install = [configured_uv().binary, "tool", "install", "-q", "-p", sys.executable]
    tox = ["tox", "--with", f"tox-uv=={TOX_UV}"] if name == "uv" else ["tox"]
    packages = [f"{one}=={CHECKED[one]}" for one in {name, "uv"} - {"pip"}]
    for command in (*([package] for package in packages), tox):
        subprocess.run([*install, *command], env=environment, check=True)
    return programs
