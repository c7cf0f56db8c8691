"""Laws of the templates and of the style sheet."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
STATIC = ROOT / "portal" / "home" / "static" / "portal"
NAMES = [path.relative_to(ROOT / "templates").as_posix() for path in TEMPLATES]


def texts() -> dict[str, str]:
    return {name: path.read_text() for name, path in zip(NAMES, TEMPLATES, strict=True)}


@pytest.mark.parametrize("name", NAMES)
def test_a_template_has_less_than_60_lines(name: str) -> None:
    assert len(texts()[name].splitlines()) < 60


@pytest.mark.parametrize("name", NAMES)
def test_a_template_brings_no_script_or_style_of_its_own(name: str) -> None:
    text = texts()[name]

    assert not re.search(r"<script(?![^>]* src=)|<style| on\w+=| style=|javascript:", text)


@pytest.mark.parametrize("name", [*NAMES, *(path.name for path in STATIC.iterdir())])
def test_nothing_is_loaded_from_elsewhere(name: str) -> None:
    path = ROOT / "templates" / name
    text = (path if path.exists() else STATIC / name).read_text()

    found = re.findall(r"(?:https?:)?//[\w.-]+", text.replace("http://www.w3.org/2000/svg", ""))
    assert not [one for one in found if not one.startswith("//") or "." in one]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_included_is_a_partial(name: str) -> None:
    included = re.findall(r'{% include "(?!admin/)([^"]+)"', texts()[name])

    assert [one for one in included if not one.rpartition("/")[2].startswith("_")] == []


def test_each_post_form_has_a_token() -> None:
    for name, text in texts().items():
        forms = re.findall(r'<form[^>]*method="post".*?</form>', text, re.DOTALL)
        assert all("{% csrf_token %}" in form for form in forms), name


TOKENS = {  # UX 3.2: text, tint, edge.
    "add": ("#14602f", "#e3f5e8", "#2b8a4b", "#8fdba6", "#10301c", "#4fae70"),
    "change": ("#7a4a00", "#fff3d6", "#a86a00", "#f2c46d", "#35260a", "#c08a2b"),
    "remove": ("#9b1c1c", "#fdeaea", "#c23b3b", "#f4a3a3", "#3b1414", "#d06a6a"),
    "hold": ("#5b3a8c", "#f1eafa", "#7a55b3", "#cdb4f0", "#2a1f3d", "#9a7bd0"),
    "info": ("#205067", "#e6f0f5", "#417690", "#9fd3ea", "#12303d", "#5b9ab5"),
    "quiet": ("#595959", "#f0f0f0", "#767676", "#c0c0c0", "#262626", "#8a8a8a"),
}


def blocks() -> list[dict[str, str]]:
    """The variables of the light, the preferred dark and the chosen dark look."""
    text = (STATIC / "tokens.css").read_text()
    parts = re.split(r"@media|html\[data-theme=\"dark\"\]", text)
    return [dict(re.findall(r"(--[\w-]+): ([^;]+);", part)) for part in parts]


def test_dark_is_the_same_whether_it_is_preferred_or_chosen() -> None:
    _, preferred, chosen = blocks()

    assert preferred == chosen


@pytest.mark.parametrize("name", TOKENS)
def test_the_tokens_are_those_of_the_design(name: str) -> None:
    light, dark, _ = blocks()
    names = (f"--mx-{name}", f"--mx-{name}-tint", f"--mx-{name}-edge")

    assert tuple(block[one] for block in (light, dark) for one in names) == TOKENS[name]


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(2 * digit for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("look", [0, 1], ids=["light", "dark"])
def test_text_and_links_can_be_read_on_every_tint(look: int) -> None:
    colours = blocks()[look]
    page = ("#ffffff", "#121212")[look]
    tints = [page, *(colours[f"--mx-{name}-tint"] for name in TOKENS)]
    texts = [colours["--link-fg"], *(colours[f"--mx-{name}"] for name in TOKENS)]

    assert contrast(colours["--mx-turn-fg"], colours["--mx-turn-bg"]) >= 4.5
    assert min(contrast(text, tint) for text in texts for tint in tints) >= 4.5
    assert min(contrast(colours[f"--mx-{name}-edge"], page) for name in TOKENS) >= 3
