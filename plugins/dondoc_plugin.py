"""Registers dondoc in Airflow: the pages and the timetable. Airflow runs this file in every process: keep it light."""

import sys

from airflow.plugins_manager import AirflowPlugin

from dondoc.orchestration.timetables import WorkingDayTimetable


def _pages() -> list[dict]:
    if not {"api-server", "standalone", "fastapi-api"} & set(sys.argv):
        return []  # schedulers, processors and tasks need the timetable only
    from dondoc.orchestration.login import pages

    return [{"app": pages(), "url_prefix": "/dondoc", "name": "dondoc"}]


class DondocPlugin(AirflowPlugin):
    name = "dondoc"
    fastapi_apps = _pages()
    timetables = [WorkingDayTimetable]
    external_views = [
        {
            "name": "Đôn đốc",
            "href": "/dondoc/",
            "destination": "nav",
            "url_route": "dondoc",
            "nav_top_level": True,
        }
    ]
