"""The text layer of a PDF: only codes come back, and no PDF harms us."""

import shutil
import subprocess
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from dondoc.drafts import scan
from tests.drafts.test_letter import survey

pytestmark = pytest.mark.slow


def pdf(*pages: str) -> bytes:
    """A page for each text, in Helvetica."""
    writer = PdfWriter()
    font = DictionaryObject({NameObject(f"/{k}"): NameObject(f"/{v}") for k, v in FONT.items()})
    for text in pages:
        page = writer.add_blank_page(595, 842)
        stream = DecodedStreamObject()
        stream.set_data(b"BT /F1 12 Tf 72 720 Td (%s) Tj ET" % text.encode("latin-1"))
        page[NameObject("/Contents")] = writer._add_object(stream)
        fonts = DictionaryObject({NameObject("/F1"): writer._add_object(font)})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    out = BytesIO()
    writer.write(out)
    return out.getvalue()


FONT = {"Type": "Font", "Subtype": "Type1", "BaseFont": "Helvetica"}


def test_codes_of_the_first_and_last_pages_are_found_once() -> None:
    many = ["BN-0007-AAAA", *["trang"] * 30, "Ma doi chieu: BN-0042-7K3Q va BN-0007-AAAA"]
    assert scan.codes_in(pdf(*many)) == ("BN-0007-AAAA", "BN-0042-7K3Q")


def test_a_scan_without_text_has_none() -> None:
    assert scan.codes_in(pdf("")) == ()


def endless() -> bytes:
    """A page tree that is its own child."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R]/Count 999999999>>endobj\n"
        b"trailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF"
    )


def bomb() -> bytes:
    """A page whose content unpacks to half a gigabyte."""
    import zlib

    packer = zlib.compressobj(9)
    packed = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(512)) + packer.flush()
    return pdf("x").replace(b"BT /F1", b"BT /F1")[:-6] + (
        b"\n90 0 obj<</Length %d/Filter/FlateDecode>>stream\n%s\nendstream endobj\n"
        b"91 0 obj<</Type/Page/Parent 92 0 R/MediaBox[0 0 9 9]/Contents 90 0 R>>endobj\n"
        b"92 0 obj<</Type/Pages/Kids[91 0 R]/Count 1>>endobj\n93 0 obj<</Type/Catalog/Pages 92 0 R>>endobj\n"
        b"trailer<</Root 93 0 R>>\n%%%%EOF" % (len(packed), packed)
    )


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", b"%PDF-1.7", b"%PDF-1.4\n" + b"\xff" * 5000, pdf("BN-0042-7K3Q")[:300], endless(), bomb],
    ids=["empty", "a zip", "a head", "noise", "cut off", "a loop", "a bomb"],
)
def test_what_cannot_be_read_has_none_and_does_no_harm(content: bytes | Callable[[], bytes]) -> None:
    assert scan.codes_in(content() if callable(content) else content) == ()
    assert scan.codes_in(pdf("BN-0042-7K3Q")) == ("BN-0042-7K3Q",)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="needs the Debian package libreoffice-writer-nogui")
def test_the_code_of_a_draft_is_found_in_the_pdf_that_an_office_makes_of_it(tmp_path: Path) -> None:
    (tmp_path / "du_thao.docx").write_bytes(survey())
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(tmp_path), "du_thao.docx"]
    subprocess.run(command, check=True, capture_output=True, timeout=240, cwd=tmp_path)
    assert scan.codes_in((tmp_path / "du_thao.pdf").read_bytes()) == ("BN-0042-7K3Q",)
