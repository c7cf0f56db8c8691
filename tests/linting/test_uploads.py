"""What somebody sends is bounded, never stored, and refused with a sentence."""

import gzip
import io
import random
import struct
import tarfile
import time
import tracemalloc
import zipfile

import pytest

from integrations.policy.linting import RULES, examine, form_of, guess_name, lint
from portal.guidance.uploads import MOST_BYTES, MOST_FILES, MOST_TOLD, receive

LOCK = f"a==1 --hash=sha256:{'0' * 64}\n".encode()


def a_zip(
    members: dict[str, bytes], *, mode: int = 0o100644, method: int = zipfile.ZIP_DEFLATED
) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            archive.writestr(info, body, method)
    return written.getvalue()


def a_tar(name: str, *, kind: bytes = tarfile.REGTYPE, body: bytes = LOCK) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w:gz") as archive:
        member = tarfile.TarInfo(name)
        member.type, member.size, member.linkname = kind, len(body), "/etc/passwd"
        archive.addfile(member, io.BytesIO(body))
    return written.getvalue()


def a_header(name: bytes, *, kind: bytes = b"0", size: bytes = b"00000000000\0") -> bytes:
    """A header of a tar archive, with the right sum."""
    front = name.ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + size + b"0" * 11 + b"\0"
    back = (kind + b"\0" * 100 + b"ustar\x0000").ljust(512 - len(front) - 8, b"\0")
    total = sum(front) + sum(back) + 8 * ord(" ")
    return front + b"%06o\0 " % total + back


def a_pax(records: bytes) -> bytes:
    """An archive whose one file has a header of its own with *records*."""
    filled = records + b"\0" * (-len(records) % 512)
    size = b"%011o\0" % len(records)
    return a_header(b"x", kind=b"x", size=size) + filled + a_header(b"uv.lock")


def test_archives_are_read_by_the_names_of_their_members() -> None:
    body = a_zip({"shop/requirements.txt": LOCK, "shop/README.md": b"\xff", "shop/.upsun/": b""})
    more = a_tar("./billing/requirements.txt")

    received = receive([("shop.zip", body), ("billing.tar.gz", more), ("uv.lock", b"version = 1")])

    assert received.refused == []
    assert sorted(received.files) == [
        "billing/requirements.txt",
        "shop/README.md",
        "shop/requirements.txt",
        "uv.lock",
    ]
    assert received.files["shop/README.md"] == ""


DIGITS = random.Random(5).randbytes(1_300_000).hex().encode()  # Packed to half of it.
REFUSED = {
    "too large": ("requirements.txt", b"a" * (MOST_BYTES + 1), "is larger than 4,000,000 bytes"),
    "not text": ("requirements.txt", b"caf\xe9", "is not UTF-8 text (byte 3)"),
    "another archive": ("shop.tar.xz", b"", "is packed. Send a ZIP or a tar.gz file."),
    "no zip": ("shop.zip", b"PK", "is not an archive that can be unpacked"),
    "no tar": ("shop.tar", b"\x1f\x8b", "is not an archive that can be unpacked"),
    "half of a tar": ("shop.tar.gz", a_tar("uv.lock")[:-9], "it ends before it is complete"),
    "half of a member": ("shop.tar", gzip.decompress(a_tar("uv.lock"))[:520], "not an archive"),
    "another sum": (
        "shop.tar",
        gzip.decompress(a_tar("uv.lock")).replace(b"uv.l", b"uw.l", 1),
        "not an archive",
    ),
    "out of the folder": ("a.zip", a_zip({"../requirements.txt": LOCK}), "not a path below"),
    "absolute": ("a.zip", a_zip({"/etc/requirements.txt": LOCK}), "not a path below"),
    "of Windows": ("a.zip", a_zip({"C:/requirements.txt": LOCK}), "not a path below"),
    "back slashes": ("a.tgz", a_tar("..\\requirements.txt"), "not a path below"),
    "a link in a zip": ("a.zip", a_zip({"uv.lock": b"/etc/passwd"}, mode=0o120777), "is a link"),
    "a link in a tar": ("a.tgz", a_tar("uv.lock", kind=tarfile.SYMTYPE, body=b""), "is a link"),
    "a hard link": ("a.tgz", a_tar("uv.lock", kind=tarfile.LNKTYPE, body=b""), "is a link"),
    "a device": ("a.tgz", a_tar("uv.lock", kind=tarfile.CHRTYPE, body=b""), "is a link or a dev"),
    "a bomb": ("a.zip", a_zip({"uv.lock": b"0" * 30_000_000}), "unpacks to far more than it holds"),
    "a bomb of gzip": ("a.tgz", gzip.compress(b"0" * 60_000_000), "unpacks to far more"),
    "many members": ("a.zip", a_zip({f"{n}.md": b"" for n in range(5_001)}), "to more than 5,000."),
    "a control": ("a\n.txt", b"", "is not the name of a file"),
    "another direction": ("uv\u202ekcol.txt", b"", "is not the name of a file"),
    "a method without a bound": (
        "a.zip",
        a_zip({"uv.lock": LOCK}, method=zipfile.ZIP_BZIP2),
        "in a way that is not read",
    ),
    "much that is read": (
        "a.zip",
        a_zip({f"{n}/uv.lock": DIGITS for n in range(5)}),
        "what is read of it unpacks to more than 12,000,000 bytes",
    ),
    "names of digits": ("a.tar", a_pax(b"1" * 2_000_000), "not an archive"),
    "a name without end": ("a.tar", a_pax(b"9" * 15_000), "not an archive"),
    "a negative size": ("a.tar", a_header(b"uv.lock", size=b"\xff" * 12), "not an archive"),
    "a size behind the header": ("a.tar", a_pax(b"16 size=12345678\n"), "not an archive"),
}


@pytest.mark.parametrize(("name", "body", "sentence"), REFUSED.values(), ids=REFUSED)
def test_what_is_dangerous_is_refused_with_a_sentence(
    name: str, body: bytes, sentence: str
) -> None:
    received = receive([(name, body)])

    assert received.files == {}
    assert [sentence in told for told in received.refused] == [True]


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT])
def test_archives_of_every_form_keep_long_names(form: int) -> None:
    name = f"{'folder/' * 20}requirements.txt"
    written = io.BytesIO()
    with tarfile.open(
        fileobj=written, mode="w", format=form, pax_headers={"comment": "0" * 40}
    ) as archive:
        folder = tarfile.TarInfo("café")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        for path in (name, "café/uv.lock"):
            member = tarfile.TarInfo(path)
            member.size, member.mtime = len(LOCK), 0.5
            archive.addfile(member, io.BytesIO(LOCK))

    received = receive([("shop.tar", written.getvalue())])

    assert received.refused == []
    assert received.files == {name: LOCK.decode(), "café/uv.lock": LOCK.decode()}


def test_a_file_with_holes_is_refused() -> None:
    """Its size is not that of its content."""
    sparse = a_pax(b"22 GNU.sparse.major=1\n")

    (told,) = receive([("a.tar", sparse)]).refused

    assert '"uv.lock" is a link or a device.' in told


def test_what_unpacks_without_a_bound_is_never_unpacked() -> None:
    """The directory of the archive says that it holds two bytes."""
    body = a_zip({"uv.lock": b"0" * 80_000_000}, method=zipfile.ZIP_BZIP2)
    lying = body.replace(struct.pack("<L", 80_000_000), struct.pack("<L", 2))
    tracemalloc.start()

    (told,) = receive([("a.zip", lying)]).refused

    assert tracemalloc.get_traced_memory()[1] < 3_000_000
    tracemalloc.stop()
    assert "packed in a way that is not read" in told


def test_files_that_are_not_read_count_for_nothing() -> None:
    """A repository has thousands of them in front of its requirements."""
    others = {f"shop/{number}.py": b"" for number in range(MOST_FILES + 50)}

    received = receive([("shop.zip", a_zip({**others, "shop/requirements.txt": LOCK}))])

    assert received.refused == []
    assert received.files["shop/requirements.txt"] == LOCK.decode()


def test_members_of_all_archives_are_counted_together() -> None:
    body = a_zip({f"{number}.md": b"" for number in range(3_000)})

    received = receive([("a.zip", body), ("b.zip", body), ("c.tgz", a_tar("uv.lock"))])

    assert len(received.refused) == 2
    assert len(received.files) == 3_000


def test_no_more_than_fifty_sentences_are_told() -> None:
    received = receive([(f"{number}.txt", b"\xff") for number in range(200)])

    assert len(received.refused) == MOST_TOLD + 1
    assert received.refused[-1] == "150 more were refused."


def test_the_number_of_files_is_bounded_and_the_rest_is_read() -> None:
    received = receive([(f"{n}/Pipfile", b"") for n in range(MOST_FILES + 2)])

    assert len(received.files) == MOST_FILES
    assert len(received.refused) == 2


LAUGHS = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefg", "bcdefgh", strict=True)
)
BOMBS = {
    "aliases": (".platform.app.yaml", LAUGHS, "aliases written out"),
    "an alias in itself": (".platform.app.yaml", "a: &a [*a]\n", "stands for nothing above it"),
    "deep YAML": (".platform.app.yaml", "[" * 5_000, "levels deep"),
    "a tag": (".platform.app.yaml", "name: !!python/name:os.system x\n", "is not followed"),
    "much YAML": (".platform.app.yaml", "a: b\n" * 100_000, "300,000 characters"),
    "two documents": (".platform.app.yaml", "a: b\n---\na: b\n", "second document"),
    "deep TOML": ("uv.lock", "a = " + "[" * 5_000, "levels deep"),
    "deep tables": ("uv.lock", "a = " + "{a=" * 5_000, "levels deep"),
    "a long key": ("uv.lock", "a." * 5_000 + "a = 1", "A key has more than 16 parts"),
    "a long number": ("uv.lock", "a = " + "9" * 100_000, "more than 400 digits"),
    "deep JSON": ("Pipfile.lock", "[" * 100_000, "levels deep"),
    "a number of JSON": ("Pipfile.lock", '{"a": ' + "9" * 100_000 + "}", "more than 400 digits"),
    "a null": ("requirements.txt", "a\0b", "a null character"),
    "a long script": ("build.sh", "a\n" * 200_000, "200,000 characters"),
}


@pytest.mark.parametrize(("name", "text", "sentence"), BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_with_a_sentence_and_soon(name: str, text: str, sentence: str) -> None:
    begun = time.process_time()
    (found,) = lint({name: text})

    assert found.rule == "unreadable"
    assert sentence in found.text
    assert time.process_time() - begun < 1


# What once took a pattern or a loop more than its share.
SLOW = {
    "blank lines": ("requirements.txt", "\n" * 100_000),
    "one word": ("uv.lock", "a" * 400_000),
    "quotes": ("uv.lock", '"""\\' * 50_000),
    "escapes": ("Pipfile.lock", '"\\"' * 100_000),
    "headers": ("uv.lock", "[" + " " * 400_000 + "]"),
    "commands": ("build.sh", "pip install x\n" * 14_000),
    "copies": ("Dockerfile", "FROM a:1.2\n" + "COPY . .\n" * 20_000),
    "continued": ("requirements.txt", "a \\\n" * 50_000),
    "pins": ("requirements.txt", "".join(f"a{n}==1\n" for n in range(5_000))),
}


@pytest.mark.parametrize(("name", "text"), SLOW.values(), ids=SLOW)
def test_the_time_grows_with_the_size_alone(name: str, text: str) -> None:
    begun = time.process_time()

    lint({name: text})
    guess_name(text)

    assert time.process_time() - begun < 3


def test_no_text_makes_the_linter_fail() -> None:
    """Examples of rules, cut and mixed at random, read as every form."""
    chance = random.Random(5)
    pieces = [rule.example for rule in RULES.values()]
    names = ["requirements.txt", "main.in", "Pipfile", "Pipfile.lock", "pyproject.toml", "uv.lock"]
    names += ["poetry.lock", "poetry.toml", "pylock.toml", ".platform.app.yaml", "tox.ini"]
    names += [".platform/applications.yaml", ".upsun/config.yaml", ".environment", "Dockerfile"]
    for _ in range(40):
        for name in [*names, "build.sh", "x.dist-info/METADATA"]:
            text = "\n".join(chance.sample(pieces, 3))
            cut = chance.randrange(len(text))
            mixed = text[cut:] + text[:cut] if chance.random() < 0.5 else text[:cut]

            report = examine({name: mixed})

            assert form_of(name) is not None
            assert report.read or report.findings
