"""Packages that are opened: zip, and the winmail.dat into which Outlook packs what it sends. By a child."""

import contextlib
import io
import zipfile

import tnefparse

MEMBERS = 1_000  # of one zip
ENCRYPTED, UTF8 = 0x1, 0x800  # flags of a member (APPNOTE 4.4.4)
OFFICE = {"[Content_Types].xml", "mimetype", "content.xml", "word/document.xml"}  # a zip that is itself a document
_SYSTEM = ("__macosx/", ".ds_store", "thumbs.db", "desktop.ini", "~$")


class Closed(Exception):
    """A package that stays as it is: encrypted, broken, or too much."""


def unzipped(content: bytes, most: int) -> list[tuple[str, bytes]]:
    """Name and bytes of each file in a zip, with at most so many bytes in all, counted while they are unpacked.

    Raises:
        Closed.
    """
    files, left = [], most
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            members = [one for one in package.infolist() if not one.is_dir()]
            if len(members) > MEMBERS or any(m.flag_bits & ENCRYPTED or m.filename in OFFICE for m in members):
                raise Closed
            for member in members:
                with package.open(member) as stream:
                    unpacked = stream.read(left + 1)
                left -= len(unpacked)
                if left < 0:
                    raise Closed
                files.append((_name(member), unpacked))
    except (Closed, MemoryError):
        raise
    except Exception:  # the library raises whatever it trips over
        raise Closed from None
    return files


def _name(member: zipfile.ZipInfo) -> str:
    """Vietnamese Windows writes UTF-8 and does not say so: the library then reads cp437."""
    if not member.flag_bits & UTF8:
        with contextlib.suppress(UnicodeError):
            return member.filename.encode("cp437").decode("utf-8")
    return member.filename


def is_system(name: str) -> bool:
    """What an operating system leaves in folders, and the lock files of open documents."""
    low = name.lower()
    return low.startswith(_SYSTEM[0]) or low.rsplit("/", 1)[-1].startswith(_SYSTEM[1:])


def of_outlook(content: bytes) -> tuple[str, str, list[tuple[str, bytes]]]:
    """Text, HTML and files of a winmail.dat (MS-OXTNEF).

    Raises:
        Closed.
    """
    try:
        package = tnefparse.TNEF(content, do_checksum=False)
        files = [(_text(one.long_filename()), bytes(one.data)) for one in package.attachments]
        body, html = _text(package.body), _text(package.htmlbody)
    except MemoryError:
        raise
    except Exception:  # the library raises whatever it trips over
        raise Closed from None
    if not (files or body or html):  # the library passes over what it cannot read
        raise Closed
    return body, html, files


def _text(value: str | bytes | None) -> str:
    text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value or ""
    return text.rstrip("\0")
