"""blank, check."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dondoc.cli.acting import By
from dondoc.cli.output import contents, emit, say
from dondoc.errors import Problem

if TYPE_CHECKING:
    from dondoc.configuration.context import AppContext
    from dondoc.forms.spec import FormSpec
    from dondoc.forms.verdict import FormVerdict, Issue

OUTCOMES = {
    "accepted": "hợp lệ",
    "accepted_with_warnings": "hợp lệ, có điểm đề nghị kiểm tra",
    "returned": "cần bổ sung, chỉnh sửa",
    "refused": "không đọc được",
}


def add(cli: typer.Typer) -> None:
    cli.command()(blank)
    cli.command()(check)


def blank(
    form: Annotated[str, typer.Option(help="01, 02, 03, 04, focal (cán bộ đầu mối), pac (hành chính công).")],
    out: Annotated[Path, typer.Option(help="Tệp .xlsx sẽ ghi.")],
    agency: Annotated[
        str, typer.Option(help="Mã đơn vị, ví dụ ubnd-huyen-duc-tho. Chỉ với --survey mới bỏ trống được.")
    ] = "",
    survey: Annotated[
        bool, typer.Option("--survey", help="Ghi dạng XLSForm, để tải lên KoboToolbox hoặc ODK Central.")
    ] = False,
    by: By = "",
) -> None:
    """Biểu mẫu trống của một đơn vị, đã điền sẵn tên và mã xác nhận.

    Với --survey: phiếu trực tuyến của đơn vị đó; không nêu đơn vị thì là phiếu chung cho mọi đơn vị.
    """
    from dondoc import clock
    from dondoc.cli.acting import anybody, noted
    from dondoc.configuration.context import open_context
    from dondoc.directive.succession import signing
    from dondoc.forms import blank as room
    from dondoc.forms import xlsform
    from dondoc.store.files import replace
    from dondoc.store.session import is_made

    app, who = open_context(), anybody(by)
    owner = {a.id: a for a in app.registry.agencies}.get(agency)
    if owner is None and (agency or not survey):
        raise Problem(
            f"Không có đơn vị “{agency}” trong văn bản chỉ đạo. Xem mã đơn vị ở cột agency của `obligations`."
        )
    spec, secrets = _spec(app, form), app.secrets
    registry = signing(app.registry, clock.now().date())
    if is_made(app.settings.url):
        noted(app, who, "blank", agency or spec.id, now=clock.now(), form=spec.id)
    elif secrets:
        say("Chưa có cơ sở dữ liệu (dondoc db upgrade): việc cấp biểu mẫu này không được ghi vào nhật ký.")
    if survey:
        replace(out, xlsform.xlsform(spec, owner, registry=app.registry, secrets=secrets))
    elif owner:
        replace(out, room.blank(spec, owner, registry=registry, secrets=secrets))
    if not secrets:
        say("Chưa đặt DONDOC_SECRET_KEY: biểu mẫu không có mã xác nhận.")
    say(f"Đã ghi {spec.title}{f' của {owner.name}' if owner else ''} vào {out}.")


def _spec(app: "AppContext", form: str) -> "FormSpec":
    from dondoc.forms.spec import load_specs

    specs = load_specs(app.settings.data)
    for spec in specs.values():
        if form.lower() in (spec.id, spec.code):
            return spec
    known = ", ".join(spec.code for spec in specs.values())
    raise Problem(f"Không có biểu mẫu “{form}”. Chọn một trong: {known}.")


def check(
    files: list[Path],
    as_json: Annotated[bool, typer.Option("--json")] = False,
    annotate: Annotated[
        Path | None, typer.Option(help="Ghi bản đánh dấu ô cần sửa vào tệp này (chỉ một tệp vào).")
    ] = None,
) -> None:
    """Kiểm tra biểu mẫu đã điền mà không tiếp nhận; không cần cơ sở dữ liệu."""
    from dondoc import clock
    from dondoc.configuration.context import open_context
    from dondoc.directive.succession import signing
    from dondoc.forms import limited
    from dondoc.store.files import replace

    if annotate and len(files) != 1:
        raise Problem("--annotate chỉ đi với một tệp. Chạy riêng cho từng tệp.")
    app, today = open_context(), clock.now().date()
    common: dict[str, Any] = {
        "data": app.settings.data,
        "registry": signing(app.registry, today),
        "secrets": app.settings.secret_keys,
    }
    for path, content in contents(files):
        form = limited.judged(content, path.name, day=today, **common)
        emit(_line(path, form)) if as_json else _tell(path, form)
        if annotate:
            replace(annotate, limited.annotate(content, form, base_version=form.base_version or 0, **common))
            say(f"Đã ghi bản đánh dấu vào {annotate}.")


def _line(path: Path, form: "FormVerdict") -> dict[str, Any]:
    return {
        "file": str(path),
        "outcome": form.outcome,
        "form": form.form,
        "agency": form.agency,
        "rows": len(form.rows),
        "nil": form.nil,
        "value_hash": form.value_hash,
        "issues": [_issue(one) for one in form.issues],
    }


def _issue(issue: "Issue") -> dict[str, Any]:
    """As the contract has it; of a run of rows with the range of its cells."""
    left_out = {"said", "place"} | ({"cells"} if issue.cells is None else set())
    return {name: value for name, value in asdict(issue).items() if name not in left_out}


def _tell(path: Path, form: "FormVerdict") -> None:
    whose = f" · {form.agency}" if form.agency else ""
    typer.echo(f"{path}: {OUTCOMES[form.outcome]} · {form.form or 'không rõ biểu mẫu'}{whose} · {len(form.rows)} dòng")
    for issue in form.issues:
        typer.echo(f"  {'Phải sửa' if issue.severity == 'error' else 'Kiểm tra'}: {issue.message}")
