"""The pages inside Airflow: FastAPI and Jinja2, server-rendered, no script needed."""
