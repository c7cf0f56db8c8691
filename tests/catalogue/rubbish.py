"""What people and broken programs put into fields."""

from hypothesis import strategies as st

NASTY = (
    "",
    " ",
    "\0",
    "a\0b",
    "\x1b[31m",
    "\u202egnp",
    "line\nbreak",
    "tab\there",
    "\u2028",
    "9" * 5000,
    "1." * 2000 + "1",
    ">=" + "9" * 5000,
    "=>2",
    "===" + "x" * 190,
    ">=1,,<2",
    "(" * 3000,
    "x;" + "(" * 250 + "python_version>'3'" + ")" * 250,
    "x @ file:///etc/passwd",
    "x{posargs}",
    "[testenv]",
    "3.\u0661",  # A digit, but not ours.
    "3.999",
    "-1",
    "99999999999999999999",
    "1e400",
    "NaN",
    "2026-02-30",
    "0001-01-01",
    "10000-01-01",
    "25:61",
    "\u017flug",  # Lower-cases to "slug".
    "http://[::1",
    "https://user:secret@example.org/simple/",
    "javascript:alert(1)",
    "<script>alert(1)</script>",
    "{{ 7*7 }}",
    "%s%n",
    "../../etc",
    "x" * 100_000,
    "on",
    "any",
    "never",
    "1.0",
    "httpx",
    ">=1.0,<2",
)


def texts(*, surrogates: bool = False) -> st.SearchStrategy[str]:
    """Nasty texts beside random ones; browsers cannot send half surrogates, files can."""
    alphabet = st.characters() if surrogates else st.characters(exclude_categories=["Cs"])
    return st.sampled_from(NASTY) | st.text(alphabet, max_size=30)
