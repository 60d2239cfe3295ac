"""The one thing that is changed in a parameter set of H.264: how high its pictures are."""

from typing import NamedTuple

_WITH_CHROMA = {44, 83, 86, 100, 110, 118, 122, 128, 134, 135, 138, 139, 244}  # profiles (ITU-T H.264, 7.3.2.1.1)


class Taller(NamedTuple):
    """A sequence parameter set (SPS), and how many rows of pixels its pictures have more than before."""

    sps: bytes
    rows: int


class _Bits:
    """Reads the bits of a unit's content. IndexError at its end."""

    def __init__(self, content: bytes) -> None:
        self.bits = "".join(f"{byte:08b}" for byte in content)
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


def taller(sps: bytes) -> Taller | None:
    """The same with one row of blocks more; None when it cannot be read."""
    bits = _Bits(sps[1:].replace(b"\0\0\3", b"\0\0"))
    try:
        _up_to_size(bits)
        bits.golomb()  # width
        before = bits.at
        height = bits.golomb()
        after = bits.at
        frames_only = bits.read(1)
    except (IndexError, ValueError):
        return None
    code = f"{height + 2:b}"
    changed = bits.bits[:before] + "0" * (len(code) - 1) + code + bits.bits[after:].rstrip("0")
    changed += "0" * (-len(changed) % 8)
    content = int(changed, 2).to_bytes(len(changed) // 8)
    return Taller(sps[:1] + _guarded(content), 16 if frames_only else 32)


def _up_to_size(bits: _Bits) -> None:
    profile = bits.read(24) >> 16
    bits.golomb()
    if profile in _WITH_CHROMA:
        chroma = bits.golomb()
        bits.read(chroma == 3)
        bits.golomb()
        bits.golomb()
        bits.read(1)
        if bits.read(1):
            for number in range(12 if chroma == 3 else 8):
                _scaling_list(bits, 16 if number < 6 else 64)
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.read(1)
        bits.golomb()
        bits.golomb()
        for _ in range(min(bits.golomb(), 255)):
            bits.golomb()
    bits.golomb()
    bits.read(1)


def _scaling_list(bits: _Bits, size: int) -> None:
    if not bits.read(1):
        return
    last = 8
    for _ in range(size):
        last = (last + bits.signed()) % 256
        if last == 0:
            return


def _guarded(content: bytes) -> bytes:
    """With a byte put in wherever a start code could be seen."""
    out, zeros = bytearray(), 0
    for byte in content:
        if zeros == 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)
