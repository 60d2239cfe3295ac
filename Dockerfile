# One image for every service of docker-compose.yaml. BASE may be any Python 3.11 to 3.13 on glibc, best with its digest
# (NAME:TAG@sha256:…): none is written here, because none could be looked up where this was made.
ARG BASE=python:3.11.14-slim-bookworm

FROM ${BASE} AS packages
RUN python3 -m venv /opt/venv
# A folder wheels/ beside this file (pip download) is used instead of the network, when there is one.
COPY requirements.txt wheels* /tmp/build/
RUN set -eu; set --; \
    if ls /tmp/build/*.whl >/dev/null 2>&1; then set -- --no-index --find-links /tmp/build; fi; \
    /opt/venv/bin/pip install "$@" --no-cache-dir --disable-pip-version-check \
      --no-deps --require-hashes --requirement /tmp/build/requirements.txt
RUN /opt/venv/bin/pip check

FROM ${BASE}
# Its home and the data folder are all that the user may write; code and packages belong to root.
RUN useradd --uid 50000 --gid 0 --no-create-home --home-dir /opt/airflow --shell /usr/sbin/nologin airflow \
 && install -d -o 50000 -g 0 -m 0700 /opt/airflow /opt/airflow/logs /var/lib/dondoc /var/lib/dondoc/drop
COPY --from=packages /opt/venv /opt/venv
WORKDIR /opt/dondoc
COPY include include/
COPY dags dags/
COPY plugins plugins/
# Named by a path instead of installed, so that no build tool is in the image. Compiled here: the user could not write
# bytecode later, and each start of Airflow would take 12 s longer.
RUN /opt/venv/bin/python -c 'import site; print("/opt/dondoc/include", file=open(f"{site.getsitepackages()[0]}/dondoc.pth", "w"))' \
 && printf '#!/opt/venv/bin/python\nfrom dondoc.cli import main\n\nmain()\n' > /opt/venv/bin/dondoc \
 && chmod 0755 /opt/venv/bin/dondoc \
 && /opt/venv/bin/python -m compileall -q --invalidation-mode unchecked-hash include dags plugins

ENV PATH=/opt/venv/bin:$PATH \
    LANG=C.UTF-8 \
    PYTHONUNBUFFERED=1 \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/dondoc/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/dondoc/plugins \
    DONDOC_HOME=/var/lib/dondoc
USER 50000:0
WORKDIR /opt/airflow
CMD ["airflow", "version"]
