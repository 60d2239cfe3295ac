"""A CSV as people write it. Apart from `imports`, so that a probe need not wait for a database to be loaded."""

import csv
import io

from dondoc.errors import Problem


def read(text: str, filename: str, required: tuple[str, ...]) -> list[tuple[int, dict[str, str]]]:
    """Rows with their line numbers; blank ones left out. Excel in Vietnamese puts semicolons where others put commas.

    Raises:
        Problem: a column is missing.
    """
    text = text.removeprefix("\ufeff")
    head = text.partition("\n")[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ",")
    columns = [str(c).strip() for c in reader.fieldnames or ()]
    if missing := [c for c in required if c not in columns]:
        raise Problem(f"{filename}: thiếu cột {', '.join(missing)}. Dòng đầu phải có: {','.join(required)}.")
    reader.fieldnames = columns
    try:
        return [
            (reader.line_num, {k: (v or "").strip() for k, v in row.items() if isinstance(k, str)})
            for row in reader
            if any(row.values())
        ]
    except csv.Error:
        raise Problem(f"{filename}: không đọc được dòng {reader.line_num}. Lưu lại tệp dạng CSV UTF-8.") from None
