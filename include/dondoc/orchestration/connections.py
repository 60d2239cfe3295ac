"""What tasks open, as the environment and Airflow's Connections describe it.

`dondoc_smtp`, `dondoc_imap` and `dondoc_survey` are edited by an administrator in the UI; where one is missing, the
setting of the same purpose holds. They become the same URLs that the command line takes, so that no room knows where
they came from.
"""

from urllib.parse import quote, urlencode

from airflow.exceptions import AirflowNotFoundException
from airflow.sdk import Connection
from pydantic import SecretStr

from dondoc.configuration import settings
from dondoc.configuration.context import AppContext, opened


def open_context() -> AppContext:
    """Settings with the Connections' addresses in them.

    Raises:
        Problem: a setting is wrong, or the clock is played while mail could reach people.
    """
    loaded = settings.load()
    urls = {"smtp_url": _smtp(), "imap_url": _imap(), "survey_url": _survey()}
    return opened(loaded.model_copy(update={name: SecretStr(url) for name, url in urls.items() if url}))


def _connection(name: str) -> Connection | None:
    try:
        connection: Connection = Connection.get(name)
    except AirflowNotFoundException:
        return None
    return connection if connection.host else None


def _netloc(connection: Connection, port: int) -> str:
    user = f"{quote(connection.login or '', '')}:{quote(connection.password or '', '')}@" if connection.login else ""
    host = f"[{connection.host}]" if ":" in (connection.host or "") else connection.host
    return f"{user}{host}:{connection.port or port}"


def _smtp() -> str | None:
    if (connection := _connection("dondoc_smtp")) is None:
        return None
    extra = connection.extra_dejson
    if not extra.get("disable_ssl"):
        scheme, port = "smtps", 465
    elif not extra.get("disable_tls"):
        scheme, port = "smtp+starttls", 587
    else:
        scheme, port = "smtp", 25
    sender = extra.get("from_email")
    return f"{scheme}://{_netloc(connection, port)}" + (f"?{urlencode({'from': sender})}" if sender else "")


def _imap() -> str | None:
    if (connection := _connection("dondoc_imap")) is None:
        return None
    extra = connection.extra_dejson
    if extra.get("use_ssl", True) and not extra.get("starttls"):
        scheme, port = "imaps", 993
    else:
        scheme, port = ("imap+starttls" if extra.get("starttls") else "imap"), 143
    return f"{scheme}://{_netloc(connection, port)}/{quote(extra.get('folder', 'INBOX'))}"


def _survey() -> str | None:
    """Of a Connection of type HTTP; the extra names the kind of server, its project (ODK) and its forms."""
    if (connection := _connection("dondoc_survey")) is None:
        return None
    extra, scheme = connection.extra_dejson, connection.schema or "https"
    user = f"{quote(connection.login or '', '')}:{quote(connection.password or '', '')}@"
    host = f"[{connection.host}]" if ":" in (connection.host or "") else connection.host
    port = f":{connection.port}" if connection.port else ""
    path = "/".join(quote(str(extra[name]), ",") for name in ("project", "forms") if extra.get(name))
    return f"{extra.get('kind', 'kobo')}+{scheme}://{user}{host}{port}/{path}"
