"""What teams copy into their CI. The script is tested by running it, the steps by reading them."""

from importlib.resources import files
from textwrap import indent

SCRIPT = files("portal.home.snippets") / "check_regions.py"


def offline_step() -> str:
    """Return a step of GitHub Actions that needs nothing but Python."""
    script = SCRIPT.read_text(encoding="utf-8")
    return (
        "- name: Check that nobody edited a generated region\n"
        "  shell: python\n"
        f"  run: |\n{indent(script, '    ')}"
    )


def online_step(address: str) -> str:
    """Return a step that asks the portal at *address*: ``https://HOST/sdks/SLUG/check/``."""
    return (
        "- name: Ask the portal whether tox.ini is current\n"
        f"  run: curl -sS --fail-with-body --data-binary @tox.ini {address}\n"
    )
