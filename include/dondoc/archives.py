"""ZIP archives of ours: the same parts give the same bytes, on any machine and at any hour."""

from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

_EPOCH = (1980, 1, 1, 0, 0, 0)


class Undated(ZipFile):
    """An archive to write, whose parts bear no hour."""

    def writestr(self, zinfo_or_arcname: Any, data: Any, *_: Any, **__: Any) -> None:
        entry = ZipInfo(zinfo_or_arcname, _EPOCH)
        entry.create_system, entry.compress_type = 3, ZIP_DEFLATED
        super().writestr(entry, data)
