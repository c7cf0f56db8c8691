"""A matrix as large as the largest that we know, with invented projects, releases and pins."""

from dataclasses import dataclass, field

from packaging.version import Version

from matrix.rules.facts import Python
from matrix.rules.parts import IntegrationPart, LayoutPart, RequirementUse, Row
from tests.support.parts import a_layout, a_part
from tests.support.pins import PinBook

INTEGRATIONS = 61
ENVIRONMENTS = 439
UNLUCKY = 7  # One environment in fifteen cannot be resolved: the other 410 have pin sets.
PINS = 29  # In each environment: toxgen's file has 16,583 lines of pins.
POOL = 300  # Different dependencies.
ROWS = ("0.9.4", "1.12.0", "2.3.1")
LADDERS = (("3.8",), ("3.9", "3.12"), ("3.9", "3.13", "3.14"), ("3.10", "3.13", "3.14", "3.14t"))


@dataclass(kw_only=True)
class Matrix:
    parts: list[IntegrationPart]
    book: PinBook = field(default_factory=PinBook)

    def layout(self, style: str) -> LayoutPart:
        return a_layout("Group 3", "Group 1", pins_style=style)


def a_matrix(
    week: int = 0,
    *,
    integrations: int = INTEGRATIONS,
    environments: int = ENVIRONMENTS,
    pins: int = PINS,
) -> Matrix:
    """Return the matrix of a week; from one to the next, four of the pool have a new release."""
    book = PinBook()
    parts: list[IntegrationPart] = []
    made = 0
    for number in range(integrations):
        rows = []
        for place, version in enumerate(ROWS):
            later = (integrations - number) * len(ROWS) - place - 1  # Rows after this one.
            ladder = LADDERS[(number + place) % len(LADDERS)]
            pythons = ladder[: max(1, environments - made - later)]
            sets = {python: _pins(made + n, week, pins) for n, python in enumerate(pythons)}
            rows.append(book.row(version, sets))
            made += len(pythons)
        parts.append(_part(number, rows))
    return Matrix(parts=parts, book=book)


def _pins(environment: int, week: int, number: int) -> str | None:
    if environment % 15 == UNLUCKY:
        return None
    chosen = sorted({(environment * 17 + step * 11) % POOL for step in range(number)})
    return " ".join(f"dependency-{n:03}==1.{_releases(n, week)}.{environment}" for n in chosen)


def _releases(number: int, week: int) -> int:
    """How often dependency *number* was released until that week."""
    return sum(1 for past in range(week + 1) if number // 4 == past % (POOL // 4))


def _part(number: int, rows: list[Row]) -> IntegrationPart:
    use = RequirementUse(
        requirement="pytest-asyncio", where=tuple((row.version, row.pythons) for row in rows)
    )
    return a_part(f"n{number}", group=f"Group {number % 13}", rows=rows, requirements=[use])


def environments_of(part: IntegrationPart) -> list[tuple[Row, Python, Version | None]]:
    """Every environment of *part*; without a version that of the alias."""
    named = [(row, row.version) for row in part.rows]
    alias = [(part.latest, None)] if part.latest else []
    return [(row, python, version) for row, version in [*named, *alias] for python in row.pythons]
