"""The logs of tasks, as the api-server shows them: the workers write them, and are not believed.

Airflow resolves the links in a log's path, looks whether the file lies among the logs, and then opens the path again:
whoever lays a link there in between, from a worker that somebody took over, was shown the api-server's secrets (4 of
3,000 tries). A pipe in the place of a log kept a thread of the api-server for good.
"""

import copy
import io
import os
from pathlib import Path
from typing import Any

from airflow.config_templates.airflow_local_settings import DEFAULT_LOGGING_CONFIG
from airflow.utils.log import file_task_handler

from dondoc.store import files


class Reader(file_task_handler.FileTaskHandler):
    """Airflow's own, but for how it opens a file: no link is followed, and nothing but files is read."""

    def _read_from_local(self, worker_log_path: Path) -> tuple[list[str], list[Any]]:
        base, sources, streams = Path(os.path.realpath(self.local_base)), [], []
        folder = base / worker_log_path.parent.relative_to(self.local_base)
        for path in sorted(folder.glob(f"{worker_log_path.name}*")):
            try:
                file = files.opened(base, path)
            except OSError:
                continue
            sources.append(str(path))
            text = io.TextIOWrapper(file, encoding="utf-8", errors="replace")
            streams.append(file_task_handler._stream_lines_by_chunk(text))
        return sources, streams


LOGGING: dict[str, Any] = copy.deepcopy(DEFAULT_LOGGING_CONFIG)  # AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS
LOGGING["handlers"]["task"]["class"] = f"{__name__}.{Reader.__name__}"
