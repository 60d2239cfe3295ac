"""The bits of a parameter set or a slice's head, H.264 or H.265: read, and put together again."""

import re

_LIKE_A_CODE = re.compile(rb"\0\0(?=[\0-\3])")


class Bits:
    """Reads bits from the content of a unit, without its header. IndexError or ValueError at its end."""

    def __init__(self, content: bytes) -> None:
        content = bare(content)
        self.bits = f"{int.from_bytes(content):0{8 * len(content)}b}" if content else ""
        self.at = 0

    def read(self, count: int) -> int:
        self.at += count
        if self.at > len(self.bits):
            raise IndexError
        return int(self.bits[self.at - count : self.at] or "0", 2)

    def golomb(self) -> int:
        zeros = self.bits.index("1", self.at) - self.at
        self.at += zeros
        return self.read(zeros + 1) - 1

    def signed(self) -> int:
        value = self.golomb()
        return (value + 1) // 2 if value & 1 else -(value // 2)


def golomb(value: int) -> str:
    """The bits of an unsigned number."""
    code = f"{value + 1:b}"
    return "0" * (len(code) - 1) + code


def closed(bits: str) -> bytes:
    """The content of a parameter set, given without what follows its stop bit to fill up."""
    return guarded(packed(bits.rstrip("0")))


def packed(bits: str) -> bytes:
    """Filled up with zeros."""
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8)


def guarded(content: bytes) -> bytes:
    """With a byte put in wherever a start code could be seen."""
    return _LIKE_A_CODE.sub(b"\0\0\3", content)


def bare(content: bytes) -> bytes:
    """Without those bytes."""
    return content.replace(b"\0\0\3", b"\0\0")
