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


def online_step(address: str, *, is_public: bool) -> str:
    """
    Return a step that asks the portal at *address*: ``https://HOST/sdks/SLUG/check/``.

    The token comes from a variable and goes in by the standard input: what stands on a command line
    can be read by every process of the machine.
    """
    name = "- name: Ask the portal whether tox.ini is current\n"
    ask = "curl -sS --fail-with-body"
    if is_public:
        return f"{name}  run: {ask} --data-binary @tox.ini {address}\n"
    return (
        f"{name}"
        "  env:\n"
        "    PORTAL_TOKEN: ${{ secrets.PORTAL_TOKEN }}\n"
        "  run: >-\n"
        "    printf 'Authorization: Bearer %s' \"$PORTAL_TOKEN\"\n"
        f"    | {ask} --header @- --data-binary @tox.ini\n"
        f"    {address}\n"
    )
