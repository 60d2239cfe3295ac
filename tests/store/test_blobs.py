"""Originals: whole, encrypted at rest, kept once, opened by any of our keys."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dondoc.configuration.settings import load
from dondoc.errors import Problem
from dondoc.keys import sign, verify
from dondoc.store import blobs as blobs_module
from dondoc.store.blobs import Blobs

CONTENT = "Văn bản cử cán bộ đầu mối".encode() * 50


def files(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file()]


@given(content=st.binary(max_size=5000))
def test_any_bytes_come_back_whole(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    blobs = Blobs(tmp_path_factory.getbasetemp() / "blobs", ["khoa-mot"])
    name = blobs.put(content)
    assert name == hashlib.sha256(content).hexdigest()
    assert blobs.get(name) == content


def test_nothing_readable_lies_on_the_disk(tmp_path: Path) -> None:
    Blobs(tmp_path, ["khoa-mot"]).put(CONTENT)
    [file] = files(tmp_path)
    assert b"VNPT" not in file.read_bytes()
    assert CONTENT[:20] not in file.read_bytes()


def test_the_same_bytes_are_kept_once_and_nothing_half_written_stays(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path, ["khoa-mot"])
    assert blobs.put(CONTENT) == blobs.put(CONTENT)
    assert len(files(tmp_path)) == 1


def test_a_new_first_key_writes_and_the_old_one_still_opens(tmp_path: Path) -> None:
    old = Blobs(tmp_path, ["khoa-cu"]).put(CONTENT)
    rotated = Blobs(tmp_path, ["khoa-moi", "khoa-cu"])
    new = rotated.put(b"sau khi doi")
    assert rotated.get(old) == CONTENT
    assert Blobs(tmp_path, ["khoa-moi"]).get(new) == b"sau khi doi"


def test_a_wrong_key_or_a_missing_original_is_a_sentence(tmp_path: Path) -> None:
    name = Blobs(tmp_path, ["khoa-cu"]).put(CONTENT)
    other = Blobs(tmp_path, ["khoa-moi"])
    with pytest.raises(Problem, match="DONDOC_SECRET_KEY"):
        other.get(name)
    with pytest.raises(Problem, match="Không thấy bản gốc"):
        other.get("a" * 64)


def test_a_damaged_original_is_not_taken_for_a_good_one(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path, ["khoa-mot"])
    name = blobs.put(CONTENT)
    [file] = files(tmp_path)
    file.write_bytes(file.read_bytes()[:-7] + b"AAAAAA=")
    with pytest.raises(Problem):
        blobs.get(name)


def _flip(sealed: bytes) -> bytes:
    return sealed[:200] + bytes([sealed[200] ^ 1]) + sealed[201:]


@pytest.mark.parametrize(
    "damage",
    [lambda sealed: b"", lambda sealed: sealed[:-40], _flip, lambda sealed: b"\0" * 3000],
    ids=["empty", "truncated", "bit flipped", "zeroes"],
)
def test_what_lies_there_damaged_is_no_proof_and_is_written_anew(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    blobs = Blobs(tmp_path, ["khoa-mot"])
    name = blobs.put(CONTENT)
    [file] = files(tmp_path)
    file.write_bytes(damage(file.read_bytes()))
    with pytest.raises(Problem):
        blobs.get(name)
    assert blobs.put(CONTENT) == name
    assert blobs.get(name) == CONTENT
    assert len(files(tmp_path)) == 1


def test_what_lies_there_of_another_content_is_no_proof_either(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path, ["khoa-mot"])
    name, other = blobs.put(CONTENT), blobs.put(b"khac")
    (tmp_path / name[:2] / name).write_bytes((tmp_path / other[:2] / other).read_bytes())
    blobs.put(CONTENT)
    assert blobs.get(name) == CONTENT


def test_what_lies_there_under_a_lost_key_is_written_anew(tmp_path: Path) -> None:
    name = Blobs(tmp_path, ["khoa-mat"]).put(CONTENT)
    blobs = Blobs(tmp_path, ["khoa-moi"])
    assert blobs.put(CONTENT) == name
    assert blobs.get(name) == CONTENT


def test_a_disk_that_gives_back_something_else_than_it_took_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = blobs_module._write
    monkeypatch.setattr(blobs_module, "_write", lambda path, content: real(path, _flip(content)))
    with pytest.raises(Problem, match="đọc lại không đúng"):
        Blobs(tmp_path, ["khoa-mot"]).put(CONTENT)


def test_without_a_key_nothing_is_kept_in_clear_and_nothing_signed(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="DONDOC_SECRET_KEY"):
        sign([], "tokens", b"bm03")
    with pytest.raises(Problem, match="DONDOC_SECRET_KEY"):
        Blobs(tmp_path, [])


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "tep").touch()
    with pytest.raises(Problem, match="Không ghi được bản gốc"):
        Blobs(tmp_path / "tep", ["khoa-mot"]).put(CONTENT)


def test_the_setting_is_a_comma_list(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("DONDOC_SECRET_KEY", " khoa-moi-rat-dai-va-that-ngau-nhien , khoa-cu,, ")
    assert load().secret_keys == ["khoa-moi-rat-dai-va-that-ngau-nhien", "khoa-cu"]


def test_a_signature_holds_for_its_purpose_its_message_and_any_of_our_keys() -> None:
    made = sign(["khoa-cu"], "tokens", b"bm03")
    assert verify(["khoa-moi", "khoa-cu"], "tokens", b"bm03", made)
    assert not verify(["khoa-moi"], "tokens", b"bm03", made)
    assert not verify(["khoa-cu"], "originals", b"bm03", made)
    assert not verify(["khoa-cu"], "tokens", b"bm04", made)
    assert not verify([], "tokens", b"bm03", made)
    assert not verify(["khoa-cu"], "tokens", b"bm03", "chữ ký giả")


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "cua-ai-do").write_text("x")


def _link(path: Path) -> None:
    path.rename(path.parent / "noi-khac")
    path.symlink_to(path.parent / "noi-khac")


def _loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


@pytest.mark.parametrize("replace", [_folder, _link, _loop])
def test_what_stands_in_an_originals_place_keeps_nothing_from_being_kept(
    tmp_path: Path, replace: Callable[[Path], None]
) -> None:
    blobs = Blobs(tmp_path, ["khoa-mot"])
    path = tmp_path / blobs.put(CONTENT)[:2] / blobs.put(CONTENT)
    replace(path)
    assert blobs.put(CONTENT) == path.name
    assert path.is_file()
    assert not path.is_symlink()
    assert blobs.get(path.name) == CONTENT


def test_a_folder_in_an_originals_place_is_a_sentence_when_it_is_read(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path, ["khoa-mot"])
    name = blobs.put(CONTENT)
    _folder(tmp_path / name[:2] / name)
    with pytest.raises(Problem, match="Không đọc được bản gốc"):
        blobs.get(name)


def test_an_original_put_in_anothers_place_is_not_taken_for_it(tmp_path: Path) -> None:
    blobs = Blobs(tmp_path, ["khoa-mot"])
    one, other = blobs.put(CONTENT), blobs.put(b"cua don vi khac")
    (tmp_path / one[:2] / one).write_bytes((tmp_path / other[:2] / other).read_bytes())
    with pytest.raises(Problem, match="tệp khác"):
        blobs.get(one)


def test_the_same_bytes_kept_by_another_process_at_that_moment_are_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = blobs_module._write

    def twice(path: Path, sealed: bytes) -> None:
        write(path, sealed)
        monkeypatch.setattr(blobs_module, "_write", write)
        path.unlink()
        Blobs(tmp_path, ["khoa-mot"]).put(b"the same")

    monkeypatch.setattr(blobs_module, "_write", twice)
    store = Blobs(tmp_path, ["khoa-mot"])
    assert store.get(store.put(b"the same")) == b"the same"
