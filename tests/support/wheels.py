"""An index whose wheels are real: pip and uv install them."""

import base64
import hashlib
import io
import zipfile

from tests.support.http_server import Request, Response
from tests.support.small_index import SmallIndex

WHEEL = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


class WheelIndex(SmallIndex):
    """Serves a wheel with one module for each release that was added."""

    def release(self, project: str, version: str, *requirements: str) -> None:
        self.add(project, version)
        name = f"{project.replace('-', '_')}-{version}-py3-none-any.whl"
        lines = [f"Requires-Dist: {requirement}\n" for requirement in requirements]
        self.metadata[name] += "".join(lines)

    def _answer(self, request: Request) -> Response:
        name = request.path.removeprefix("/files/")
        if name in self.metadata:
            return Response(body=wheel(name, self.metadata[name]))
        return super()._answer(request)


def wheel(filename: str, metadata: str) -> bytes:
    """Return a wheel that installs one module, called as its project."""
    project, version, *_ = filename.split("-")
    info = f"{project}-{version}.dist-info"
    files = {
        f"{project}.py": f'VERSION = "{version}"\n',
        f"{info}/METADATA": metadata,
        f"{info}/WHEEL": WHEEL,
    }
    files[f"{info}/RECORD"] = _record(files, f"{info}/RECORD")
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, text in files.items():
            # Without the time of day: a wheel that is asked for twice has one hash.
            archive.writestr(zipfile.ZipInfo(path), text)
    return buffer.getvalue()


def _record(files: dict[str, str], own: str) -> str:
    lines = [f"{path},sha256={_hash(text)},{len(text.encode())}" for path, text in files.items()]
    return "\n".join([*lines, f"{own},,", ""])


def _hash(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
