# Ends with 1 when a generated region was edited by hand. Needs nothing but Python 3.
import hashlib
import re
import sys
from pathlib import Path

FILES = sys.argv[1:] or ["tox.ini"]  # Name workflows and further files here.
MARKER = re.compile(r"[ \t]*# (BEGIN|END) GENERATED: (\S+)(?: sha256:(\S+))?[ \t]*")

problems = []
for name in FILES:
    lines = Path(name).read_text(encoding="utf-8-sig").split("\n")
    found, first, region = 0, 0, ""
    for number, line in enumerate(lines, start=1):
        if not (marker := MARKER.fullmatch(line)):
            continue
        kind, named, wanted = marker.groups()
        if kind == "BEGIN" and not region:
            first, region = number, named
        elif kind == "END" and named == region:
            text = "".join(f"{inside}\n" for inside in lines[first : number - 1])
            is_generated = bool(text.strip() or wanted)
            if is_generated and hashlib.sha256(text.encode()).hexdigest() != wanted:
                problems.append(f'{name}:{first}: "{region}" was edited, up to line {number}.')
            found, region = found + is_generated, ""
        else:
            problems.append(f"{name}:{number}: {line.strip()} does not pair up.")
    if region:
        problems.append(f'{name}:{first}: "{region}" has no END.')
    if not found:
        problems.append(f"{name}: nothing was compared, for nothing is generated in it.")
if problems:
    sys.exit("\n".join(problems))
sys.stdout.write(f"No generated region was edited in {', '.join(FILES)}.\n")
