"""What the portal generates has no finding, whatever is chosen."""

import itertools

import pytest

from integrations.policy.linting import Form, examine
from portal.guidance.generating import Choice, generate
from portal.guidance.generating.choice import PLATFORMS, TOOLS, UPSUN_PYTHONS
from portal.guidance.generating.facts import CHECKED

VERSIONS = {**CHECKED, "tox-uv": "1.37.1", "tox": "4.67.13"}
SETS = (
    {"main": ("django>=5.2",)},
    {"main": ("django>=5.2", "gunicorn[gevent]>=27"), "dev": ("pytest>=8",), "docs": ("sphinx",)},
)
OPTIONS: dict[str, tuple[object, ...]] = {
    "environment_path": (".venv", "/app", "build/env"),
    "start_command": ("gunicorn shop.wsgi:application", "uvicorn shop.asgi:app", "daphne s.a:app"),
    "index_url": ("", "https://packages.example.org/simple/"),
    "is_django": (True, False),
    "sets": SETS,
    "pins": ({"gunicorn": "27.0.1"}, {}),
}
COMBINATIONS = [dict(zip(OPTIONS, v, strict=True)) for v in itertools.product(*OPTIONS.values())]
WAYS = list(itertools.product(TOOLS, PLATFORMS))


@pytest.mark.parametrize(("tool", "platform"), WAYS, ids=str)
def test_generated_files_have_no_finding(tool: str, platform: str) -> None:
    """Each way has a fourth of all combinations, another one than its neighbours."""
    pythons = itertools.cycle(UPSUN_PYTHONS)
    for options in COMBINATIONS[WAYS.index((tool, platform)) % 4 :: 4]:
        choice = Choice(
            application="shop",
            python=next(pythons),
            tool=tool,
            platform=platform,
            versions=VERSIONS,
            **options,  # type: ignore[arg-type]
        )
        report = examine(generate(choice).files)

        assert report.findings == ()
        assert Form.TOX in report.read.values()
        assert len(report.read) >= 3
