"""Roles of contacts."""

from enum import StrEnum

from dondoc.vocabulary.code import Code


class Side(StrEnum):
    """On whose side somebody stands."""

    AGENCY = "agency"
    OURS = "ours"


class Role(Code):
    """What somebody is to us.

    `of`: the role before the name of an agency; `side`: whose people hold it; `rank`: how high a letter to them climbs,
    None where no step of a ladder may name the role.
    """

    of: str
    side: Side
    rank: int | None

    def __init__(self, code: str, label: str, of: str, side: Side, rank: int | None) -> None:
        super().__init__(code, label)
        self.of, self.side, self.rank = of, side, rank

    FOCAL_OFFICER = "focal_officer", "cán bộ đầu mối", "cán bộ đầu mối", Side.AGENCY, 0
    CLERK = "clerk", "văn thư", "văn thư", Side.AGENCY, 0
    HEAD = "head", "lãnh đạo đơn vị", "lãnh đạo", Side.AGENCY, 1
    BOARD = "board", "lãnh đạo Sở", "lãnh đạo", Side.OURS, 2
    APPROVER = "approver", "người duyệt", "người duyệt", Side.OURS, None
    OPS = "ops", "người vận hành", "người vận hành", Side.OURS, None

    @property
    def needs_approval(self) -> bool:
        """Whether a chasing letter to it leaves only after an approver's yes."""
        return self.rank != 0


ON_LADDER = tuple(role for role in Role if role.rank is not None)
OF_AN_AGENCY = tuple(role for role in Role if role.side is Side.AGENCY)  # in which an address may act for its agency
