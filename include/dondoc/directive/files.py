"""What an installation has on its disk: the letters' files, and the registry that they share."""

from collections.abc import Sequence
from pathlib import Path

from dondoc.directive.load import File, load_file, load_registry, own_registry
from dondoc.directive.model import Registry
from dondoc.errors import Problem


def letters(paths: Sequence[Path], data: Path) -> tuple[Registry, list[File]]:
    """The registry and the letters of some files. Files that bring their own agencies take the place of the shipped.

    Raises:
        Problem: a file cannot be used, or two of them contradict each other.
    """
    shared = load_registry(data)
    files = [load_file(path, shared) for path in paths]
    own = [registry for file in files if (registry := own_registry(file))]
    if not own:
        return shared, files
    if len(own) < len(files):
        raise Problem(
            "DONDOC_DIRECTIVE: tệp có danh sách đơn vị riêng và tệp dùng danh sách chung không dùng cùng lúc được. "
            "Chuyển đơn vị và hệ thống sang agencies.yaml, systems.yaml."
        )
    if any(registry != own[0] for registry in own):
        raise Problem("DONDOC_DIRECTIVE: các tệp có danh sách đơn vị, hệ thống khác nhau. Dùng chung agencies.yaml.")
    return own[0], files
