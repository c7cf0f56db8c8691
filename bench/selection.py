"""How long selecting for all recorded integrations takes, and that it grows with their number."""

from collections.abc import Callable, Sequence
from itertools import cycle, islice
from time import perf_counter

from packaging.version import Version

from tests.rules.recorded import RecordedSuite, suites

MANY = 2_000
ROUNDS = 5


def run() -> None:
    """Print the seconds for 61 integrations and for 2,000, and their ratio."""
    few = list(suites().values())
    many = list(islice(cycle(few), MANY))
    texts = [str(release.version) for suite in few for release in suite.releases]
    parse = best(lambda: parse_all(texts))
    small = best(lambda: select_all(few))
    large = best(lambda: select_all(many), rounds=2)
    ratio = (large / len(many)) / (small / len(few))
    print("Selection from stored facts (budget: 0.5 s for 61 integrations, rendering included)")
    print(f"  floor: parse {len(texts):,} versions   {parse:6.3f} s")
    print(f"  select for {len(few):,} integrations   {small:6.3f} s   {small / parse:.1f} x floor")
    print(
        f"  select for {len(many):,} integrations {large:6.3f} s   {ratio:.2f} x for each of them"
    )


def select_all(integrations: Sequence[RecordedSuite]) -> None:
    for integration in integrations:
        integration.selection()


def parse_all(texts: Sequence[str]) -> None:
    """Do what no selection can do without."""
    for text in texts:
        Version(text)


def best(work: Callable[[], None], *, rounds: int = ROUNDS) -> float:
    """Return the seconds of the fastest of some *rounds*: other work on the machine only adds."""
    seconds = []
    for _ in range(rounds):
        start = perf_counter()
        work()
        seconds.append(perf_counter() - start)
    return min(seconds)


if __name__ == "__main__":
    run()
