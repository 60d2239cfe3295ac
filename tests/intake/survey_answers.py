"""Filled surveys, as their answers are on a server."""

from typing import Any

from dondoc.configuration.settings import DATA
from dondoc.forms.answers import TOKEN, choice_name
from dondoc.forms.spec import Field, FormSpec, load_specs

from .conftest import LEFT_BLANK

NAME = "UBND huyện Đức Thọ"


def filled(*, cameras: int = 1, token: str | None = None, **head: Any) -> dict[str, Any]:
    """Biểu mẫu 03 without a fault."""
    spec = load_specs(DATA)["form_03"]
    general = {"agency_name": NAME, "no_camera": "false", "total_sites": "1", "total_cameras": str(cameras)}
    rows = [_coded(spec, spec.columns, _of_camera(number)) for number in range(cameras)]
    hidden = {TOKEN: token} if token else {}
    return {**_coded(spec, spec.head, general | head), "cameras": rows, **hidden}


def _of_camera(number: int) -> dict[str, Any]:
    return {
        "name": f"Cổng {number + 1:02}",
        "host": "127.0.0.1",
        "main_path": f"/khao-sat/{number}",
        "latitude": f"18.34{number:02}",
        "longitude": f"105.90{number:02}",
        "link": "tslcd",
    }


def _coded(spec: FormSpec, fields: tuple[Field, ...], given: dict[str, Any]) -> dict[str, Any]:
    made = {}
    for field in fields:
        word = given.get(field.key, "" if field.key in LEFT_BLANK else field.example)
        code = spec.code_of(field, word) if field.kind == "choice" and word else None
        made[field.key] = word if code is None else choice_name(code)
    return {key: word for key, word in made.items() if word != ""}
