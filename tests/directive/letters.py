"""Invented letters of the shipped agencies, beside the one of November 2021."""

from pathlib import Path
from typing import Any

import yaml

from dondoc.configuration.settings import DATA
from dondoc.directive.load import File, load_file, load_registry
from dondoc.directive.model import Directive

REGISTRY = load_registry(DATA)
SHIPPED = DATA / "directives" / "stttt-cntt-2021-11.yaml"
NOVEMBER_2021 = load_file(SHIPPED, REGISTRY)


def group(deliverable: str, agency: str, **when: Any) -> dict[str, Any]:
    """A duty as a file writes it: "system/deliverable", owed by one agency."""
    system, _, form = deliverable.partition("/")
    return {"system": system, "deliverable": form, "agencies": [agency], **when}


def file(*obligations: dict[str, Any], **said: Any) -> File:
    """A letter of 16/11/2021, unless said otherwise, with the ladder that is shipped."""
    letter = {
        "id": "stttt-2021-12",
        "number": "2500/STTTT-CNTT",
        "day": "2021-11-16",
        "title": "V/v rà soát camera",
        "issuer": "so-tttt",
        "superior": "ubnd-tinh",
        "superior_document": "Công văn số 8000/UBND-NC2 ngày 15/11/2021",
        "ladder": NOVEMBER_2021.content()["ladder"],
    }
    return File.model_validate(letter | said | {"obligations": obligations})


def directive(*obligations: dict[str, Any], **said: Any) -> Directive:
    return file(*obligations, **said).directive(REGISTRY)


def written(path: Path, letter: File) -> Path:
    """The letter as a file of an installation."""
    path.write_text(yaml.safe_dump(letter.content(), allow_unicode=True, sort_keys=False), encoding="utf-8")
    return path
