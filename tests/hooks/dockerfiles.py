"""Write the Dockerfile of every tool into a folder: ``python -m tests.hooks.dockerfiles DIR``."""

import sys
from pathlib import Path

from portal.guidance.generating import Choice, generate
from portal.guidance.generating.choice import TOOLS
from portal.guidance.generating.facts import CHECKED


def main(folder: Path) -> None:
    for tool in TOOLS:
        choice = Choice(
            application="shop", python="3.13", tool=tool, platform="docker", versions=CHECKED
        )
        (folder / f"{tool}.Dockerfile").write_text(generate(choice).files["Dockerfile"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
