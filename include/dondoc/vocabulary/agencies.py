"""What an agency is, and so what may be asked of it."""

from dondoc.vocabulary.code import Code


class AgencyKind(Code):
    """`group`: how people speak of all of a kind. `orders`: whether its superior is ours, so that it can be told."""

    group: str
    orders: bool

    def __init__(self, code: str, label: str, group: str, orders: bool) -> None:
        super().__init__(code, label)
        self.group, self.orders = group, orders

    PROVINCE = "province", "UBND tỉnh", "UBND tỉnh", True
    DEPARTMENT = "department", "sở, ban, ngành", "các sở, ban, ngành", True
    DISTRICT = "district", "UBND cấp huyện", "các UBND cấp huyện", True
    CENTRAL = "central", "cơ quan trung ương", "các cơ quan trung ương", False
    ENTERPRISE = "enterprise", "doanh nghiệp", "các doanh nghiệp", False
