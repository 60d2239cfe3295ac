"""How forms name what a stream is like, and what is measured of one that is called so."""

from dondoc.vocabulary.code import Code


class Compression(Code):
    """Codes of the forms' list `codec`. `stream`: how the description of a stream names it; None: nobody can tell."""

    stream: str | None

    def __init__(self, code: str, label: str, stream: str | None = None) -> None:
        super().__init__(code, label)
        self.stream = stream

    H264 = "h264", "H.264", "h264"
    H264_PLUS = "h264_plus", "H.264+", "h264"
    H265 = "h265", "H.265", "h265"
    H265_PLUS = "h265_plus", "H.265+", "h265"
    MJPEG = "mjpeg", "MJPEG", "jpeg"
    OTHER = "other", "Khác"


class Resolution(Code):
    """Codes of the forms' list `resolution`. `pixels`: the fewest and the most that are sold under that name; None:
    nobody can tell."""

    pixels: tuple[int, int] | None

    def __init__(self, code: str, label: str, pixels: tuple[int, int] | None = None) -> None:
        super().__init__(code, label)
        self.pixels = pixels

    P720 = "720p", "720p", (900_000, 1_350_000)  # 1280×720 to 1280×1024: "1.3MP" is among the form's own words for it
    P1080 = "1080p", "1080p (2MP)", (1_900_000, 2_400_000)  # to 1920×1200
    MP3 = "3mp", "3MP", (2_700_000, 3_400_000)
    MP4 = "4mp", "4MP", (3_400_000, 4_300_000)  # 2560×1440 to 2592×1520 and 2688×1520
    MP5 = "5mp", "5MP", (4_500_000, 5_400_000)  # to 3072×1728
    K4 = "4k", "4K (8MP)", (7_300_000, 9_000_000)  # 5120×1440, two lenses, to 4096×2160
    OTHER = "other", "D1/khác"
