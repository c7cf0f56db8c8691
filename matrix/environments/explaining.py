"""What went wrong with a resolution: from the words of uv to words for a reviewer. Pure."""

import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

LONGEST = 3_000  # Characters of uv's explanation that are kept.


class Failure(StrEnum):
    UNSATISFIABLE = "unsatisfiable"
    NOT_FOUND = "not found"
    NEEDS_BUILD = "needs a build"
    BUILD_FAILED = "build failed"
    BAD_REQUEST = "bad request"
    UNREACHABLE = "unreachable"  # The index does not answer, or not with what was asked for.
    REFUSED = "refused"  # The index wants other credentials.
    NO_TRUST = "no trust"  # TLS: nobody here vouches for the certificate.
    TIME_OUT = "time-out"
    TOO_LONG = "too long"  # More output than any resolution has.
    NO_UV = "no uv"
    NO_SPACE = "no space"
    KILLED = "killed"
    OTHER = "other"


# Facts about the requirements; all other failures are about this moment or this machine, and
# whoever asks next has the resolution tried again.
LASTING = {
    Failure.UNSATISFIABLE,
    Failure.NOT_FOUND,
    Failure.NEEDS_BUILD,
    Failure.BUILD_FAILED,
    Failure.BAD_REQUEST,
}
# What stops one resolution stops all others on this machine.
STOPS_ALL = {Failure.NO_UV, Failure.NO_SPACE}
# What stops one resolution stops all others that ask the same index.
STOPS_INDEX = {Failure.NO_TRUST, Failure.REFUSED}


@dataclass(frozen=True, slots=True)
class Unresolved:
    """Why there are no pins: a plain sentence, then what uv said."""

    kind: Failure
    problem: str
    seconds: float = 0

    @property
    def is_transient(self) -> bool:
        return self.kind not in LASTING


BUILD = re.compile(r"Failed to (?:download and )?build `([^`]+)`")
RAN_BUILD = re.compile(r"build backend|build environment|resolve requirements from|[Bb]uild hook")
MISSING = re.compile(r"(\S+) was not found in the package registry")
STATUS = re.compile(r"\((401 Unauthorized|403 Forbidden)\)|returned a (403 Forbidden) error")
TRUST = re.compile(r"invalid peer certificate|UnknownIssuer|certificate verify failed")
NETWORK = re.compile(
    r"Failed to fetch|Request failed after|error sending request|Failed to download"
    r"|error decoding response body|dns error"
)
SPACE = re.compile(r"os error (?:13|27|28|30|122)\b|No space left|Read-only file system")
CACHE = re.compile(r"Failed to initialize cache")
ADVICE = re.compile(r"--|^(?:Consider|Try|If|Check|Otherwise)\b|try:|enable")
UNREADABLE = re.compile(r"Couldn't parse|invalid value|unexpected argument")


def explain(text: str, *, allows_builds: bool, secrets: Collection[str] = ()) -> Unresolved:
    """Tell what uv meant by *text*; neither *secrets* nor the logins of addresses are repeated."""
    kind, sentence = _meaning(text, allows_builds=allows_builds)
    # How a build failed that could not start would only mislead.
    said = "" if kind is Failure.NEEDS_BUILD else _trimmed(text, secrets)
    return Unresolved(kind, f"{sentence}\n{said}" if said else sentence)


def _meaning(text: str, *, allows_builds: bool) -> tuple[Failure, str]:
    if TRUST.search(text):
        return Failure.NO_TRUST, (
            "This machine does not trust the certificate of the index, or of a proxy on the way. "
            "Install the certificate of its authority, or name the file in SSL_CERT_FILE."
        )
    if SPACE.search(text) or CACHE.search(text):
        return Failure.NO_SPACE, "uv cannot write to the data folder of the portal; is it full?"
    if build := _build(text):
        return _about_build(build, allows_builds=allows_builds)
    if status := STATUS.search(text):
        return Failure.REFUSED, (
            f"The index refuses to answer ({status[1] or status[2]}); "
            "PORTAL_INDEX_CREDENTIALS says who asks."
        )
    if NETWORK.search(text):
        return Failure.UNREACHABLE, "The index did not give what uv asked it for."
    return _about_requirements(text)


def _build(text: str) -> str:
    """Return what was to be built; "" where the sdist did not even arrive."""
    found = BUILD.search(text)
    if found is None or (NETWORK.search(text) and not RAN_BUILD.search(text)):
        return ""
    return found[1].replace("==", " ")


def _about_build(release: str, *, allows_builds: bool) -> tuple[Failure, str]:
    if allows_builds:
        return Failure.BUILD_FAILED, f"The sdist of {release} cannot be built."
    return Failure.NEEDS_BUILD, (
        f"{release} has no usable wheel, and its sdist tells its requirements only when it is "
        "built, which runs foreign code and is not allowed here."
    )


def _about_requirements(text: str) -> tuple[Failure, str]:
    missing = sorted(set(MISSING.findall(text)))
    if missing:
        names = " and ".join(missing)
        return Failure.NOT_FOUND, f"The index has no project named {names}."
    if "No solution found" in text:
        return Failure.UNSATISFIABLE, "No set of releases satisfies all requirements."
    if UNREADABLE.search(text):
        return Failure.BAD_REQUEST, "uv cannot read what it was asked."
    return Failure.OTHER, "uv failed."


def _trimmed(text: str, secrets: Collection[str]) -> str:
    """Drop what is no explanation: marks of lines, advice for a command line, output of builds."""
    lines = []
    for line in _without_logins(text, secrets).splitlines():
        if line.strip().startswith("[std") or line.startswith("[tool"):
            break
        if line.startswith("hint: "):
            lines.append(_fact(line.removeprefix("hint: ")))
        elif not line.startswith("warning: "):
            lines.append(re.sub(r"^(?:error|\s+cause): ", "", line).strip())
    said = "\n".join(line for line in lines if line)
    return said if len(said) <= LONGEST else f"{said[:LONGEST]}…"


def _fact(hint: str) -> str:
    """Return the sentences of a hint that say what is, without those that say what to type."""
    sentences = re.split(r"(?<=[.:)]) (?=[A-Z])", hint)
    return " ".join(found for found in sentences if not ADVICE.search(found))


def _without_logins(text: str, secrets: Collection[str]) -> str:
    hidden = re.sub(r"(?<=://)[^/@\s]*@", "…@", text)
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        hidden = hidden.replace(secret, "…")
    return hidden
