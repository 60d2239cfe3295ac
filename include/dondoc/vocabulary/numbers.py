"""The numbers that people quote: TH-00042 for a letter, CAM-00012 for a camera. Made and read here alone."""

import re
from dataclasses import dataclass

from dondoc.errors import Problem


@dataclass(frozen=True)
class Numbering:
    """How things of a kind are numbered: `TH(42)` is TH-00042, `TH.read("th 42")` is 42."""

    prefix: str
    digits: int
    what: str

    def __call__(self, number: int) -> str:
        return f"{self.prefix}-{number:0{self.digits}}"

    def read(self, text: str) -> int:
        """The number that a person typed: `42`, `TH-00042`, `th 42`.

        Raises:
            Problem: it is none.
        """
        typed = re.fullmatch(rf"(?:{self.prefix}[-–\s]*)?0*([0-9]{{1,9}})", text.strip(), re.IGNORECASE | re.ASCII)
        if not typed:
            raise Problem(f"“{text}” không phải số {self.what}. Viết dạng {self(12)} hoặc 12.")
        return int(typed[1])


TH = Numbering("TH", 5, "thư")
BN = Numbering("BN", 4, "bản nộp")
CAM = Numbering("CAM", 5, "hiệu camera")
SC = Numbering("SC", 4, "sự cố")
TD = Numbering("TD", 4, "của một thay đổi")
BC = Numbering("BC", 4, "báo cáo")
CV = Numbering("CV", 4, "dự thảo công văn")
VB = Numbering("VB", 4, "sổ văn bản đến")
QD = Numbering("QD", 1, "quyết định")
