"""What kinds of bytes a decoder is given."""

from enum import StrEnum


class InputKind(StrEnum):
    """What a decoder is given: a picture as our way makes it, a stretch of a stream in which pictures are still to be
    found, or RTP packets, each after its length of two bytes."""

    PICTURE = "picture"
    STRETCH = "stretch"
    PACKETS = "packets"
