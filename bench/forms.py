"""What it costs to judge a workbook in a confined child, beside judging it here; and a long form beside openpyxl.

.venv/bin/python bench/forms.py
"""

import resource
import statistics
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook

from dondoc.configuration.settings import DATA
from dondoc.directive.load import load
from dondoc.forms import judge, limited, token
from dondoc.forms.blank import blank
from dondoc.forms.spec import Field, load_specs
from dondoc.isolation import workers

DIRECTIVE, SPECS, KEYS, DAY = (
    load(DATA / "directives" / "stttt-cntt-2021-11.yaml"),
    load_specs(DATA),
    ["k" * 32],
    date(2021, 11, 18),
)
ROWS, ROUNDS = 5000, 60


def ordinary() -> bytes:
    spec = SPECS["form_03"]
    head = {f.key: f.example for f in spec.head if f.example and f.key != "agency_name"}
    rows = [{f.key: f.example for f in spec.columns if f.example} | {"name": f"Cổng {n}"} for n in range(10)]
    agency = DIRECTIVE.registry.agency("ubnd-huyen-duc-tho")
    return blank(spec, agency, registry=DIRECTIVE.registry, secrets=KEYS, head=head, rows=rows)


def long() -> bytes:
    spec, book = SPECS["form_03"], Workbook(write_only=True)
    info, sheet = book.create_sheet("Chung"), book.create_sheet("Camera")
    for field in spec.head:
        info.append([field.label, field.example])
    sheet.append([field.label for field in spec.columns])
    for number in range(ROWS):
        sheet.append([_answer(field, number) for field in spec.columns])
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def _answer(field: Field, number: int) -> str:
    own = {
        "name": f"Camera {number}",
        "host": f"113.160.{number // 250}.{number % 250}",
        "site": f"Cổng số {number}",
        "address": f"Thôn {number % 700}, số nhà {number}",
        "latitude": f"18,{number:04}",
        "longitude": f"105,{number:04}",
        "main_path": f"/Streaming/Channels/{number}01",
        "note": f"Ghi chú {number}",
    }
    return own.get(field.key, field.example)


def in_a_child(content: bytes) -> Any:
    return limited.judge(content, "a.xlsx", data=DATA, registry=DIRECTIVE.registry, secrets=KEYS, day=DAY)


def here(content: bytes) -> Any:
    prove = partial(token.prove, registry=DIRECTIVE.registry, forms=SPECS, secrets=KEYS)
    return judge.judge(content, "a.xlsx", specs=SPECS, registry=DIRECTIVE.registry, prove=prove, day=DAY, surveys={})


def touch(content: bytes) -> None:
    for sheet in load_workbook(BytesIO(content)).worksheets:
        for row in sheet.iter_rows():
            for cell in row:
                _ = cell.value


def taken(work: Callable[[], Any]) -> float:
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def server_seconds() -> float:
    """Processor time of the server and the children that it has waited for."""
    ticks = Path(f"/proc/{workers._idle[-1].process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(int(t) for t in ticks[11:15]) / 100


def processor(work: Callable[[], Any]) -> float:
    before, others = time.process_time(), server_seconds()
    work()
    return time.process_time() - before + server_seconds() - others


def main() -> None:
    content = ordinary()
    print(f"server started and first form: {taken(lambda: in_a_child(content)):.0f} ms")
    pairs = [(taken(lambda: in_a_child(content)), taken(lambda: here(content))) for _ in range(ROUNDS)]
    child, own = (statistics.median(times) for times in zip(*pairs, strict=True))
    extra = sorted(c - o for c, o in pairs)
    print(f"ordinary form, ten rows: {child:.1f} ms in a child, {own:.1f} ms here")
    spent = processor(lambda: [in_a_child(content) for _ in range(ROUNDS)]) / ROUNDS
    alone = processor(lambda: [here(content) for _ in range(ROUNDS)]) / ROUNDS
    print(f"of processor: {spent * 1000:.1f} ms and {alone * 1000:.1f} ms, isolation {(spent - alone) * 1000:.1f} ms")
    print(f"isolation: {extra[ROUNDS // 2]:.1f} ms, nine in ten under {extra[ROUNDS * 9 // 10]:.1f} ms")
    content = long()
    ratios = []
    for _ in range(5):
        ours, theirs = processor(lambda: in_a_child(content)), processor(lambda: touch(content))
        ratios.append(ours / theirs)
        print(
            f"{ROWS} rows: {ours:.2f} s of processor, openpyxl touching every cell {theirs:.2f} s: {ours / theirs:.2f}"
        )
    workers.end()
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"median ratio {statistics.median(ratios):.2f}; most memory of a child {most:.0f} MB")


if __name__ == "__main__":
    main()
