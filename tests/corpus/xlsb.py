"""A small .xlsb, which no program on this machine writes: records of MS-XLSB with texts in the cells."""

from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
Cells = dict[tuple[int, int], str]


def record(kind: int, data: bytes = b"") -> bytes:
    name = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = b"", len(data)
    while True:
        size += bytes([length & 0x7F | (0x80 if length > 0x7F else 0)])
        length >>= 7
        if not length:
            return name + size + data


def text(said: str) -> bytes:
    return len(said).to_bytes(4, "little") + said.encode("utf-16-le")


def _sheet(cells: Cells) -> bytes:
    rows, columns = max(r for r, _ in cells), max(c for _, c in cells)
    size = b"".join(n.to_bytes(4, "little") for n in (0, rows - 1, 0, columns - 1))
    parts, current = [record(129), record(148, size), record(145)], 0
    for (row, column), said in sorted(cells.items()):
        if row != current:
            parts.append(record(0, (row - 1).to_bytes(4, "little") + bytes(21)))
            current = row
        parts.append(record(6, (column - 1).to_bytes(4, "little") + bytes(4) + text(said)))
    return b"".join((*parts, record(146), record(130)))


def workbook(sheets: dict[str, Cells]) -> bytes:
    names = list(enumerate(sheets, 1))
    listed = b"".join(
        record(156, bytes(4) + n.to_bytes(4, "little") + text(f"rId{n}") + text(name)) for n, name in names
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_OFFICE}/worksheet" Target="worksheets/sheet{n}.bin"/>' for n, _ in names
    )
    book = f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.bin"/>'
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as archive:
        types = "http://schemas.openxmlformats.org/package/2006/content-types"
        archive.writestr("[Content_Types].xml", f'<Types xmlns="{types}"/>')
        archive.writestr("_rels/.rels", f'<Relationships xmlns="{_RELS}">{book}</Relationships>')
        archive.writestr("xl/workbook.bin", record(131) + record(143) + listed + record(144) + record(132))
        archive.writestr("xl/_rels/workbook.bin.rels", f'<Relationships xmlns="{_RELS}">{links}</Relationships>')
        for (n, _), cells in zip(names, sheets.values(), strict=True):
            archive.writestr(f"xl/worksheets/sheet{n}.bin", _sheet(cells))
    return stream.getvalue()
