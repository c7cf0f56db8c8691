"""
Write the Dockerfiles of every tool and option into a folder.

``python -m tests.hooks.dockerfiles DIR``
"""

import itertools
import sys
from collections.abc import Iterator
from pathlib import Path

from portal.guidance.generating import Choice, generate
from portal.guidance.generating.choice import TOOLS
from portal.guidance.generating.facts import CHECKED

OPTIONS: dict[str, tuple[object, ...]] = {
    "locks_tool": (False, True),
    "is_django": (True, False),
    "installs_pylock": (False, True),
    "base_image": ("", f"python:3.13-slim@sha256:{'0' * 64}"),
    "environment_path": (".venv", "/opt/shop"),
    "index_url": ("", "https://packages.example.org:8443/a~b/[x]/simple/"),
}


def choices() -> Iterator[Choice]:
    """Yield a choice for each tool and each combination of what a Dockerfile depends on."""
    for tool, values in itertools.product(TOOLS, itertools.product(*OPTIONS.values())):
        options = dict(zip(OPTIONS, values, strict=True))
        if tool == "pip" or not options["installs_pylock"]:
            yield Choice(
                application="shop",
                python="3.13",
                tool=tool,
                platform="docker",
                versions=CHECKED,
                **options,  # type: ignore[arg-type]
            )


def main(folder: Path) -> None:
    texts = dict.fromkeys(
        (choice.tool, generate(choice).files["Dockerfile"]) for choice in choices()
    )
    for number, (tool, text) in enumerate(texts):
        (folder / f"{tool}-{number}.Dockerfile").write_text(text)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
