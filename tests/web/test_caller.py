"""Headers of strangers and of proxies: whatever they hold, nothing is believed that was not written by one of ours."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from dondoc.web.caller import caller, forged, origin_of

NETWORKS = [ip_network("127.0.0.0/8"), ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")]
NAMES = ("x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "forwarded", "host")
values = st.one_of(
    st.text(st.characters(max_codepoint=255), max_size=60),
    st.lists(st.sampled_from(["203.0.113.9", "10.1.1.1", "[2001:db8::7]:80", "for=1.1.1.1", "https", "d.vn:80"])).map(
        ", ".join
    ),
)


def scope(peer: str | None, *headers: tuple[str, str]) -> dict[str, object]:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    return {"type": "http", "scheme": "http", "client": (peer, 1) if peer else None, "headers": raw}


@given(st.lists(st.tuples(st.sampled_from(NAMES), values), max_size=8))
def test_a_stranger_is_who_the_socket_says(headers: list[tuple[str, str]]) -> None:
    found = caller(scope("203.0.113.5", *headers), NETWORKS)
    assert found.address == "203.0.113.5"
    hosts = [value for name, value in headers if name == "host"]
    assert found.origin == (origin_of(f"http://{hosts[0]}") if len(hosts) == 1 and hosts[0] else None)


@given(st.sampled_from(["127.0.0.1", "::ffff:10.0.0.1", None]), st.lists(st.tuples(st.sampled_from(NAMES), values)))
def test_whatever_a_proxy_hands_on_there_is_an_address_or_none(
    peer: str | None, headers: list[tuple[str, str]]
) -> None:
    found = caller(scope(peer, *headers), NETWORKS)
    assert found.address is None or ip_address(found.address)
    assert found.origin is None or origin_of(found.origin) == found.origin


@given(values, values)
def test_what_a_visitor_wrote_before_our_proxy_counts_for_nothing(made_up: str, host: str) -> None:
    headers = [("x-forwarded-for", f"{made_up}, 203.0.113.9"), ("x-forwarded-host", f"{host},d.vn"), ("host", "inner")]
    found = caller(scope("10.1.1.1", *headers, ("x-forwarded-proto", "https")), NETWORKS)
    assert (found.address, found.origin) == ("203.0.113.9", "https://d.vn:443")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://D.vn", "https://d.vn:443"),
        ("http://d.vn:80/x?y", "http://d.vn:80"),
        ("http://[2001:DB8::1]:8080", "http://[2001:db8::1]:8080"),
        ("http://u:p@d.vn", "http://d.vn:80"),
        ("null", None),
        ("", None),
        ("file:///x", None),
        ("javascript:alert(1)", None),
        ("http://d.vn:99999", None),
        ("http://[::1", None),
        ("//d.vn", None),
        ("d.vn", None),
    ],
)
def test_an_origin_has_one_spelling(url: str, origin: str | None) -> None:
    assert origin_of(url) == origin


@given(values, st.sampled_from(["", "same-origin", "cross-site", "Cross-Site ", "none", "x"]))
def test_only_an_origin_of_ours_may_ask(value: str, site: str) -> None:
    headers = Headers({"origin": value, "sec-fetch-site": site})
    passes = origin_of(value) == "https://d.vn:443" and "cross-site" not in site.lower()
    assert forged(headers, {"https://d.vn:443", None}) is not passes
