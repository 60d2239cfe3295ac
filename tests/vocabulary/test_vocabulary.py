"""Closed sets are types, nobody goes round them, and whatever is keyed by one is total."""

import ast
import pkgutil
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from string import Formatter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

import dondoc
from dondoc.errors import Problem
from dondoc.probing.verdicts import Phase, Verdict
from dondoc.store.base import VOCABULARIES, Coded
from dondoc.store.models import OutboxLetter
from dondoc.vocabulary import numbers
from dondoc.vocabulary.cameras import Condition, Exemption, Link, Power, State
from dondoc.vocabulary.code import Code
from dondoc.vocabulary.fields import Field, FieldProblem, must
from dondoc.vocabulary.letters import LetterKind, OutboxState
from dondoc.vocabulary.numbers import Numbering
from dondoc.vocabulary.obligations import Deliverable, Status
from dondoc.vocabulary.people import Role
from dondoc.vocabulary.reasons import ReasonCode
from dondoc.vocabulary.rulings import RulingKind
from dondoc.vocabulary.submissions import Outcome

SQLITE = sqlite.dialect()
PACKAGE = Path(dondoc.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
# What is keyed by some members on purpose, and why the others have nothing.
PARTIAL = {
    "dondoc.reporting.figures.duties.COLUMN": "what is waived is outside of what is owed",
    "dondoc.cameras.registry.declarations.ABSENT": "in other conditions a camera is there",
    "dondoc.intake.answers.answer.LETTERS": "what a person put aside is answered by nobody",
    "dondoc.intake.browse._DONE": "what waits for us depends on what it is, with the rest nothing is to be done",
    "dondoc.probing.verdicts.ADVICE": "nothing is to be done about what works",
    "dondoc.probing.verdicts.OUR_ADVICE": "nothing is to be done about what works",
    "dondoc.probing.first_look.SLOW": "of what is asked for after these steps it depends on what has come",
    "dondoc.probing.first_look.CLOSED": "before it nothing is closed, after it it depends on what has come",
    "dondoc.staff.failures.RUNS": "of a task its error says what is wrong",
    "dondoc.demo.days.ROLES": "only people of agencies have a mailbox in the demo",
    "dondoc.demo.world.LOGINS": "only the approver logs in there",
}
OF_ATTRIBUTE: dict[str, tuple[type[StrEnum], ...]] = {
    "state": (OutboxState, State),
    "kind": (LetterKind, RulingKind),
    "role": (Role,),
    "status": (Status, Condition),
    "power": (Power,),
    "link": (Link,),
    "deliverable": (Deliverable,),
    "verdict": (Verdict,),
    "phase": (Phase,),
    "outcome": (Outcome,),
    "exemption": (Exemption,),
}


def modules() -> Iterator[str]:
    """Every module but those that import Airflow or start something."""
    for found in pkgutil.walk_packages([str(PACKAGE)], "dondoc."):
        starts = found.name.startswith(("dondoc.orchestration", "dondoc.store.migrations", "dondoc.isolation.server"))
        if not starts and not found.name.endswith("__main__"):
            yield found.name


def test_whatever_is_keyed_by_a_closed_set_is_total() -> None:
    partial = {}
    for name in modules():
        for key, value in vars(import_module(name)).items():
            if isinstance(value, Mapping) and value:
                kinds = {type(one) for one in value}
                if len(kinds) == 1 and issubclass(kind := kinds.pop(), StrEnum) and {*value} != {*kind}:
                    partial[f"{name}.{key}"] = {*kind} - {*value}
    where_made = {name: missing for name, missing in partial.items() if name in PARTIAL or not _imported(name)}
    assert {name: missing for name, missing in where_made.items() if name not in PARTIAL} == {}
    assert where_made.keys() == PARTIAL.keys()


def _imported(name: str) -> bool:
    """Whether a module has a constant from another."""
    module, _, constant = name.rpartition(".")
    path = PACKAGE.parent.joinpath(*module.split("."))
    source = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    tree = ast.parse(source.read_text(encoding="utf-8"))
    names = (
        alias.asname or alias.name for node in tree.body if isinstance(node, ast.ImportFrom) for alias in node.names
    )
    return constant in names


def nodes(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def test_nothing_is_compared_with_the_bare_string_of_a_code() -> None:
    found = []
    files = [file for file in FILES if "migrations" not in file.parts]  # they hold the words of their time
    for path, node in ((file, node) for file in files for node in nodes(file)):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Attribute):
            codes = {code.value for kind in OF_ATTRIBUTE.get(node.left.attr, ()) for code in kind}
            words = {n.value for right in node.comparators for n in ast.walk(right) if isinstance(n, ast.Constant)}
            found += [f"{path.name}:{node.lineno}: {ast.unparse(node)}"] if codes & words else []
    assert found == []


def test_every_reason_is_given_what_its_words_are_of_and_none_is_given_by_nobody() -> None:
    {import_module(name) for name in modules()}
    codes = {f"{kind.__name__}.{code.name}": code for kind in ReasonCode.__subclasses__() for code in kind}
    needed = {
        name: {field for _, field, _, _ in Formatter().parse(code.label) if field} for name, code in codes.items()
    }
    found = [node for path in FILES for node in nodes(path)]
    for call in (node for node in found if isinstance(node, ast.Call) and ast.unparse(node.func) == "because"):
        given = {keyword.arg for keyword in call.keywords}
        missing = needed.get(ast.unparse(call.args[0]), set()) - given
        assert None in given or not missing, f"{ast.unparse(call)}: {missing}"
    assert needed.keys() - {ast.unparse(node) for node in found if isinstance(node, ast.Attribute)} == set()


def test_only_the_command_line_names_options() -> None:
    rooms = [path for path in FILES if "cli" not in path.relative_to(PACKAGE).parts]
    for path, node in ((file, node) for file in rooms for node in nodes(file)):
        if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("Problem"):
            said = " ".join(str(n.value) for n in ast.walk(node) if isinstance(n, ast.Constant))
            assert " --" not in said, f"{path.name}:{node.lineno}: {said}"
            assert "(--" not in said, f"{path.name}:{node.lineno}: {said}"


def test_a_rule_names_a_field_and_each_door_words_it() -> None:
    problem = FieldProblem("Kiểm tra lại {} và {}.", Field.DOCUMENT_DATE, Field.ARRIVED)
    assert str(problem) == "Kiểm tra lại “Ngày văn bản” và “Ngày đến”."
    assert problem.on_the_command_line == "Kiểm tra lại --date và --arrived."
    assert must(Field.REASON, " mưa lũ ") == "mưa lũ"
    with pytest.raises(FieldProblem, match="Chưa ghi “Lý do”"):
        must(Field.REASON, " ")


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_a_column_takes_members_only_and_reads_what_a_later_version_wrote(vocabulary: type[StrEnum]) -> None:
    column = Coded(vocabulary)
    for code in vocabulary:
        assert column.member(code.value) is code
        assert not isinstance(code, Code) or code.label
    with pytest.raises(ValueError, match="no such"):
        column.member("no such")
    read = column.result_processor(SQLITE, None)
    assert [read(code.value) for code in vocabulary] == [*vocabulary]
    assert read(None) is None
    if not issubclass(vocabulary, Code):  # what its members carry of their own nobody can say of another
        with pytest.raises(Problem, match="có mã “no such” mà phiên bản này của dondoc không biết"):
            read("no such")
        return
    stray = read("no such")
    assert isinstance(stray, Code)
    assert (stray, stray.label) == ("no such", "no such")
    assert stray not in [*vocabulary]
    assert column.member(stray) is stray, "what was read may be written again"


def test_a_row_has_members_whatever_it_was_made_with() -> None:
    assert OutboxLetter(state="held").state is OutboxState.HELD
    with pytest.raises(ValueError, match="OutboxState"):
        OutboxLetter(state="lost")


def test_who_writes_another_word_is_told_which_there_are() -> None:
    with pytest.raises(Problem, match=r"Không có vai trò “boss”\. Có: focal_officer, clerk"):
        Role.read("boss", "vai trò")


def test_the_vocabulary_knows_no_room_and_probing_knows_of_it_only_what_a_code_is() -> None:
    def imports(room: str) -> set[str]:
        found = (node for path in (PACKAGE / room).rglob("*.py") for node in nodes(path))
        names = {str(node.module) for node in found if isinstance(node, ast.ImportFrom)}
        return {name.removeprefix("dondoc.") for name in names if name.startswith("dondoc.")}

    assert {name.split(".")[0] for name in imports("vocabulary")} == {"errors", "invisible", "vocabulary"}
    assert {name for name in imports("probing") if name.startswith("vocabulary")} == {"vocabulary.code"}


NUMBERINGS = [one for one in vars(numbers).values() if isinstance(one, Numbering)]


@given(st.sampled_from(NUMBERINGS), st.integers(1, 999_999_999), st.sampled_from(["{0}", " {0} ", "{1}", "{2}", "{3}"]))
def test_a_number_is_read_however_people_type_it(kind: Numbering, number: int, spelling: str) -> None:
    prefix = kind.prefix
    typed = spelling.format(kind(number), number, f"{prefix.lower()} {number}", f"{prefix}–{number:06}")
    assert kind.read(typed) == number


def test_numbers_are_made_in_one_place() -> None:
    sources = [*FILES, *(PACKAGE / "web" / "templates").glob("*.html")]
    made = re.compile(r"^[^`\n]*\b(TH|CAM|BN|SC|TD|QD)-(\{|%0)", re.MULTILINE)  # in `…` it is told how they look
    rooms = {path for path in sources if "migrations" not in path.parts and made.search(path.read_text("utf-8"))}
    assert rooms == set()


@pytest.mark.parametrize("typed", ["", "TH-", "TH-12a", "BN-12", "-12", "1 2", "١٢", "TH-1234567890"])
def test_what_is_no_number_is_a_sentence(typed: str) -> None:
    with pytest.raises(Problem, match=r"không phải số thư\. Viết dạng TH-00012 hoặc 12"):
        numbers.TH.read(typed)
