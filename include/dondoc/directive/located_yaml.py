"""Safe YAML in which every value knows its line, so that a fault can be shown where it stands."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from dondoc.errors import Faulty, FileFault, Problem
from dondoc.invisible import invisible, warning

Place = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)
_MESSAGES = {
    "missing": "{missing}",
    "extra_forbidden": "không có khóa “{key}” ở đây",
    "literal_error": "“{key}” phải là một trong: {expected}",
    "string_type": "“{key}” phải là chữ; nếu là số hay ngày thì đặt trong dấu nháy",
    "int_type": "“{key}” phải là số nguyên",
    "int_parsing": "“{key}” phải là số nguyên",
    "greater_than_equal": "“{key}” phải từ {ge} trở lên",
    "less_than_equal": "“{key}” chỉ được đến {le}",
    "too_short": "“{key}” phải có ít nhất một mục",
    "string_pattern_mismatch": "“{key}” chưa đúng dạng",
}


@dataclass(frozen=True, order=True)
class Fault:
    line: int  # of the file; 1 where there is none
    message: str
    place: Place = field(default=(), compare=False)


@dataclass
class LocatedYaml:
    """Plain data of a YAML file, the line of each place in it, and the faults found so far.

    `names`: what a page calls the keys and ids that stand in messages; a file's are called as they are written.
    """

    name: str
    data: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    broken: set[Place] = field(default_factory=set)  # places already complained of
    names: Mapping[str, str] = field(default_factory=dict)

    def called(self, key: object) -> str:
        """What people call a key or an id."""
        return self.names.get(str(key), str(key))

    def missing(self, key: object) -> str:
        """That a key is not there. A page says where it stands, and has fields instead of keys."""
        return "chưa ghi" if self.names else f"thiếu khóa “{key}”"

    def line(self, place: Place) -> int:
        """The line of a place, or of the nearest thing around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 1)

    def fault(self, place: Place, message: str) -> None:
        self.faults.append(Fault(self.line(place), message, place))

    def check(self, schema: type[BaseModel]) -> BaseModel | None:
        """The data as a model; what does not fit, or cannot be seen, becomes faults."""
        for place, text in _texts(self.data, ()):
            if place not in self.broken and (character := invisible(text)):
                key = next((part for part in reversed(place) if isinstance(part, str)), self.name)
                self.fault(place, warning(f"“{self.called(key)}”", character))
        try:
            return schema.model_validate(self.data)
        except ValidationError as error:
            for one in error.errors(include_url=False):
                place = tuple(one["loc"])
                if place not in self.broken:
                    self.fault(place, self._sentence(one))
        return None

    def raise_faults(self) -> None:
        """Raises Faulty with all faults, when there are any."""
        raise_together(self)

    def _sentence(self, error: Any) -> str:
        kind, key = error["type"], error["loc"][-1] if error["loc"] else ""
        if kind == "enum":
            return f"không có “{error['input']}” ({error['ctx']['expected'].replace(' or ', ', ')})"
        if kind.startswith("date"):
            return f"“{self.called(key)}” phải là một ngày có thật, viết dạng 2021-11-20"
        template = _MESSAGES.get(kind, "“{key}” chưa đúng ({msg})")
        words = {"key": self.called(key), "missing": self.missing(key), "msg": error["msg"]}
        return template.format(**words, **error.get("ctx", {}))

    @property
    def file_faults(self) -> list[FileFault]:
        return [FileFault(self.name, one.line, f"{one.message}.") for one in self.faults]


def _texts(data: Any, place: Place) -> Iterator[tuple[Place, str]]:
    """Every text in plain data, keys too, with its place."""
    if isinstance(data, str):
        yield place, data
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list | tuple) else ()
    for key, value in inside:
        yield from _texts(value, (*place, key))


def raise_together(*marked: LocatedYaml) -> None:
    """Raises Faulty with the faults of several files, when there are any."""
    if faults := [fault for one in marked for fault in one.file_faults]:
        raise Faulty(faults)


def load(path: Path, schema: type[Model], what: str) -> Model:
    """A whole file as a model. `what` names the file's content for people.

    Raises:
        Problem: the file cannot be used; `file:line: …` per fault.
    """
    marked = read(path)
    found = marked.check(schema)
    marked.raise_faults()
    if not isinstance(found, schema):
        raise Problem(f"{path.name}: tệp {what} trống.")
    return found


def read(path: Path) -> LocatedYaml:
    """Read a YAML file: doubled keys, foreign tags and impossible dates become faults.

    Raises:
        Problem: there is no such file, or it is not YAML at all.
    """
    marked = LocatedYaml(path.name)
    try:
        loader = yaml.SafeLoader(path.read_text(encoding="utf-8-sig"))
        node = loader.get_single_node()
    except OSError as error:
        raise Problem(f"Không đọc được {path}: {error.strerror}. Kiểm tra đường dẫn.") from None
    except UnicodeDecodeError:
        raise Problem(f"{path.name} không phải UTF-8. Lưu lại tệp với mã UTF-8.") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        said = f"không phải YAML ({getattr(error, 'problem', None) or 'ký tự lạ'})."
        raise Faulty([FileFault(path.name, mark.line + 1 if mark else 1, said)]) from None
    if node is not None:
        marked.data = _Walk(loader, marked).value(node, ())
    return marked


class _Walk:
    """Turns composed nodes into plain data, noting lines on the way."""

    def __init__(self, loader: yaml.SafeLoader, marked: LocatedYaml) -> None:
        self.loader = loader
        self.marked = marked
        self.open: list[yaml.Node] = []

    def value(self, node: yaml.Node, place: Place) -> Any:
        self.marked.lines.setdefault(place, node.start_mark.line + 1)
        if node in self.open:
            return self._refuse(place, "chứa chính nó")
        self.open.append(node)
        try:
            if isinstance(node, yaml.SequenceNode) and node.tag.endswith(":seq"):
                return [self.value(item, (*place, i)) for i, item in enumerate(node.value)]
            if isinstance(node, yaml.MappingNode) and node.tag.endswith(":map"):
                return dict(self._pairs(node.value, place))
            return self._scalar(node, place)
        finally:
            self.open.pop()

    def _pairs(self, pairs: Iterable[tuple[yaml.Node, yaml.Node]], place: Place) -> Iterable[tuple[str, Any]]:
        seen: set[str] = set()
        for key_node, value_node in pairs:
            key = str(key_node.value)
            here = (*place, key)
            if key in seen:
                self.marked.faults.append(Fault(key_node.start_mark.line + 1, f"khóa “{key}” viết hai lần", here))
                continue
            seen.add(key)
            self.marked.lines[here] = key_node.start_mark.line + 1
            yield key, self.value(value_node, here)

    def _scalar(self, node: yaml.Node, place: Place) -> Any:
        if not isinstance(node, yaml.ScalarNode):
            return self._refuse(place, f"không nhận nhãn {node.tag}")
        try:
            return self.loader.construct_object(node)
        except ValueError:
            return self._refuse(place, f"“{node.value}” không phải ngày có thật")
        except yaml.YAMLError:
            return self._refuse(place, f"không nhận nhãn {node.tag}")

    def _refuse(self, place: Place, message: str) -> None:
        self.marked.fault(place, message)
        self.marked.broken.add(place)
