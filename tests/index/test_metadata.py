import json

import pytest

from integrations.index.errors import IndexDataError
from integrations.index.facts import KnownMetadata
from integrations.index.metadata import parse_legacy_metadata, parse_metadata


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(
            b"Metadata-Version: 2.1\nName: foo\nRequires-Python: >=3.9\n"
            b"Classifier: License :: Free\nClassifier: Programming Language :: Python :: 3.9\n"
            b"Classifier: Programming Language :: Python\n"
            b"Classifier: Programming Language :: PythonX\n\nBody",
            KnownMetadata(
                classifiers=(
                    "Programming Language :: Python",
                    "Programming Language :: Python :: 3.9",
                ),
                requires_python=">=3.9",
            ),
            id="an ordinary one",
        ),
        pytest.param(
            b"Metadata-Version: 1.0\r\nName: foo\r\nRequires-Python: >=2.6,\r\n   !=3.0.*\r\n\r\n",
            KnownMetadata(requires_python=">=2.6, !=3.0.*"),
            id="folded lines that end as on Windows",
        ),
        pytest.param(
            b"Metadata-Version: 1.0\nName: f\xfc\nRequires-Python: 3.x or so\x00\n\n",
            KnownMetadata(requires_python="3.x or so"),
            id="letters and specifiers that strict parsers refuse",
        ),
        pytest.param(
            b"Name: foo\nClassifier:Programming Language :: Python :: 3\nDescription: a\n"
            b"b: c\nnot a header\nClassifier: lost",
            KnownMetadata(classifiers=("Programming Language :: Python :: 3",)),
            id="a description that breaks the headers",
        ),
        pytest.param(
            b"Metadata-Version: 9.9\nName: foo\nName: bar\nVersion: not one\n",
            KnownMetadata(),
            id="a version from the future, a name twice, no version",
        ),
    ],
)
def test_core_metadata_is_read_leniently(body: bytes, expected: KnownMetadata) -> None:
    assert parse_metadata(body) == expected


@pytest.mark.parametrize("body", [b"", b"<html>not found</html>", b"\x00\xff\x00"])
def test_what_is_no_core_metadata_is_refused(body: bytes) -> None:
    with pytest.raises(IndexDataError, match="It is not core metadata"):
        parse_metadata(body)


def test_the_legacy_document_is_read() -> None:
    info = {
        "classifiers": ["Programming Language :: Python :: 3.9", 7, "Topic :: X"],
        "requires_python": ">=3.9",
    }

    assert parse_legacy_metadata(json.dumps({"info": info}).encode()) == KnownMetadata(
        classifiers=("Programming Language :: Python :: 3.9",), requires_python=">=3.9"
    )


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"info": {}}', b'{"info": {"classifiers": "x"}}', b"\xff"]
)
def test_a_legacy_document_without_classifiers_is_refused(body: bytes) -> None:
    with pytest.raises(IndexDataError):
        parse_legacy_metadata(body)
