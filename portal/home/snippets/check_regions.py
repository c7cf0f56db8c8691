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
        if marker[1] == "BEGIN" and not region:
            first, region = number, marker[2]
        elif marker[1] == "END" and marker[2] == region:
            text = "".join(f"{inside}\n" for inside in lines[first : number - 1])
            found += bool(text.strip() or marker[3])
            if (text.strip() or marker[3]) and hashlib.sha256(text.encode()).hexdigest() != marker[
                3
            ]:
                problems.append(f'{name}:{first}: "{region}" was edited, up to line {number}.')
            region = ""
        else:
            problems.append(f"{name}:{number}: {line.strip()} does not pair up.")
    if region:
        problems.append(f'{name}:{first}: "{region}" has no END.')
    if not found:
        problems.append(f"{name}: nothing was compared, for nothing is generated in it.")
if problems:
    sys.exit("\n".join(problems))
sys.stdout.write(f"No generated region was edited in {', '.join(FILES)}.\n")
