"""The only room that imports Airflow: timetable, parameters, connections, login, failure alerts, task bodies."""
