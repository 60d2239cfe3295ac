"""A migration that was released is never edited again: databases that it made would not be what their revision says.

`released.json` beside the migrations holds the SHA-256 of each; `null` stands for the one that is still being written.
"""

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from dondoc.store.session import migrations

RELEASED = Path(migrations().get_main_option("script_location") or "") / "released.json"


def faults(folder: Path) -> list[str]:
    """What is wrong with the migrations of a folder, and what to do instead."""
    known: dict[str, str | None] = json.loads((folder / "released.json").read_text())
    config = migrations()
    config.set_main_option("script_location", str(folder))
    scripts = list(ScriptDirectory.from_config(config).walk_revisions())
    digests = {script.revision: hashlib.sha256(Path(script.path).read_bytes()).hexdigest() for script in scripts}
    followed = {script.down_revision for script in scripts}
    found = [f"{name}: was released and is gone: bring it back" for name in known.keys() - digests.keys()]
    for name, digest in digests.items():
        line = f'"{name}": "{digest}"'
        if name not in known:
            found.append(
                f'{name}: say in released.json that it is being written, "{name}": null; at its release: {line}'
            )
        elif known[name] is None and name in followed:
            found.append(f"{name}: has a successor, so it is released: write {line} into released.json")
        elif known[name] not in (None, digest):
            found.append(
                f"{name}: was released and then edited: take the edit back (git log -p on its file), and write a new "
                "migration that changes what this one did"
            )
    return found


def test_no_released_migration_was_edited() -> None:
    assert faults(RELEASED.parent) == []


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    return Path(shutil.copytree(RELEASED.parent, tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__")))


def write(folder: Path, name: str, after: str) -> None:
    said = f'"""x"""\nrevision = "{name}"\ndown_revision = "{after}"\n'
    (folder / "versions" / f"{name}.py").write_text(said)


def test_an_edit_is_named_with_what_to_do_instead(copied: Path) -> None:
    with (copied / "versions" / "2026_11_26_sound.py").open("a") as file:
        file.write("# later\n")
    [fault] = faults(copied)
    assert fault.startswith("2026_11_26_sound: was released and then edited")
    assert "write a new migration" in fault


def test_a_new_one_is_noted_as_unreleased_until_another_follows_it(copied: Path) -> None:
    newest = max(name for name in json.loads(RELEASED.read_text()))
    known = json.loads(RELEASED.read_text())
    if known[newest] is None:  # one is being written already
        known[newest] = hashlib.sha256((copied / "versions" / f"{newest}.py").read_bytes()).hexdigest()
    write(copied, "2099_01_01_new", newest)
    (copied / "released.json").write_text(json.dumps(known))
    [fault] = faults(copied)
    assert '"2099_01_01_new": null' in fault
    (copied / "released.json").write_text(json.dumps(known | {"2099_01_01_new": None}))
    assert faults(copied) == []
    write(copied, "2099_01_02_newer", "2099_01_01_new")
    (copied / "released.json").write_text(json.dumps(known | {"2099_01_01_new": None, "2099_01_02_newer": None}))
    [fault] = faults(copied)
    assert fault.startswith("2099_01_01_new: has a successor")


def test_one_that_is_gone_is_named(copied: Path) -> None:
    known = json.loads((copied / "released.json").read_text())
    (copied / "released.json").write_text(json.dumps({"2026_11_20_lost": "0" * 64} | known))
    assert faults(copied) == ["2026_11_20_lost: was released and is gone: bring it back"]
