"""How a child and its parent talk: a kind of one letter, a length of eight bytes, the bytes. Both sides use this."""

import os
from collections.abc import Callable

REQUEST, QUESTION, REPLY, ANSWER, FAULT = b"R", b"Q", b"P", b"A", b"F"
HEAD = 9
PIECE = 1 << 20


def head(kind: bytes, length: int) -> bytes:
    return kind + length.to_bytes(8)


class Descriptor:
    """The child's end. It needs no socket object: that would ask the kernel what the filter refuses."""

    def __init__(self, number: int) -> None:
        self.number = number

    def send(self, kind: bytes, content: bytes) -> None:
        """Raises BrokenPipeError when the parent has gone."""
        for part in (head(kind, len(content)), content):
            rest = memoryview(part)
            while rest:
                rest = rest[os.write(self.number, rest) :]

    def receive(self) -> bytes:
        """What comes next from the parent, which is not bounded: it is trusted.

        Raises:
            EOFError: the parent has gone.
        """
        return exactly(lambda size: os.read(self.number, size), int.from_bytes(self._head()[1:]))

    def _head(self) -> bytes:
        return exactly(lambda size: os.read(self.number, size), HEAD)


def exactly(read: Callable[[int], bytes], length: int) -> bytes:
    """So many bytes. Raises EOFError when they end before."""
    pieces = []
    while length:
        piece = read(min(length, PIECE))
        if not piece:
            raise EOFError
        pieces.append(piece)
        length -= len(piece)
    return b"".join(pieces)
