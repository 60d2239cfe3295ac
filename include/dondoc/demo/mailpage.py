"""A page over the demo's mailboxes: every letter, newest first, and what is in it."""

from email.message import EmailMessage

from jinja2 import Environment, StrictUndefined
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from dondoc.demo.mailboxes import Mailboxes, arrival

_LAYOUT = """<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>Hộp thư thử</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><style>
body{font:15px/1.5 system-ui,sans-serif;max-width:1000px;margin:0 auto;padding:16px;color:#1f2933}
table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:6px 10px;border-bottom:1px solid #d9dee4}
iframe{width:100%;height:60vh;border:1px solid #d9dee4}pre{white-space:pre-wrap;background:#f4f5f7;padding:12px}
</style></head><body><h1><a href="/">Hộp thư thử</a></h1>"""
_LIST = """<p>{{ letters | length }} thư{% if to %} gửi {{ to }}{% endif %}, mới nhất trước.</p>
<p>{% for a in addresses %}<a href="/?to={{ a | urlencode }}">{{ a }}</a>{{ " · " if not loop.last }}{% endfor %}</p>
<table><tr><th>Lúc</th><th>Gửi tới</th><th>Tiêu đề</th></tr>{% for l in letters %}
<tr><td>{{ l.date }}</td><td>{{ l.to }}</td>
<td><a href="/letter/{{ l.to | urlencode }}/{{ l.key | urlencode }}">{{ l.subject }}</a></td></tr>
{% endfor %}</table>"""
_LETTER = """<h2>{{ message["subject"] }}</h2><table>{% for name in names if message[name] %}
<tr><th>{{ name }}</th><td>{{ message[name] }}</td></tr>{% endfor %}</table>
<p>{{ "Tệp kèm: " if files }}{% for n, name in files %}<a href="{{ here }}/{{ n }}">{{ name }}</a> {% endfor %}</p>
{% if html %}<iframe sandbox srcdoc="{{ html }}"></iframe>{% endif %}<h3>Văn bản thuần</h3><pre>{{ text }}</pre>"""
_HEADERS = ("From", "To", "Date", "Message-ID", "In-Reply-To", "Auto-Submitted")


def _page(body: str, **context: object) -> HTMLResponse:
    environment = Environment(undefined=StrictUndefined, autoescape=True)
    return HTMLResponse(environment.from_string(_LAYOUT + body).render(context))


def _body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if part else ""


def _sent(message: EmailMessage) -> str:
    when = getattr(message["date"], "datetime", None)
    return f"{when:%d/%m/%Y %H:%M:%S}" if when else ""


def create_app(boxes: Mailboxes) -> Starlette:
    """The page over these mailboxes. It changes nothing in them."""

    def letters(request: Request) -> Response:
        addresses, to = boxes.addresses(), request.query_params.get("to")
        rows = [
            {"to": address, "key": key, "subject": m["subject"] or "(không tiêu đề)", "date": _sent(m)}
            for address in addresses
            if to in (None, address)
            for key, m in boxes.read(address)
        ]
        rows.sort(key=lambda row: arrival(row["key"]), reverse=True)
        return _page(_LIST, letters=rows, addresses=addresses, to=to)

    def find(request: Request) -> EmailMessage:
        address, key = request.path_params["address"], request.path_params["key"]
        if address in boxes.addresses():
            for name, message in boxes.read(address):
                if name == key:
                    return message
        raise HTTPException(404, "Không có thư này.")

    def letter(request: Request) -> Response:
        message = find(request)
        files = [(n, part.get_filename() or f"tep-{n}") for n, part in enumerate(message.iter_attachments())]
        return _page(
            _LETTER,
            message=message,
            names=_HEADERS,
            files=files,
            here=request.url.path,
            html=_body(message, "html"),
            text=_body(message, "plain"),
        )

    def attachment(request: Request) -> Response:
        parts, number = list(find(request).iter_attachments()), request.path_params["number"]
        if number >= len(parts):
            raise HTTPException(404, "Không có tệp này.")
        name = "".join(
            c if c.isascii() and (c.isalnum() or c in "._-") else "_" for c in parts[number].get_filename() or "tep"
        )
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        content = parts[number].get_payload(decode=True)
        return Response(content, media_type="application/octet-stream", headers=headers)

    return Starlette(
        routes=[
            Route("/", letters),
            Route("/letter/{address}/{key}", letter),
            Route("/letter/{address}/{key}/{number:int}", attachment),
        ]
    )
