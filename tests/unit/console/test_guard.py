"""Other sites, other names and other people do not get through to the console."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tieline_ops.console.guard import TOKEN, Guard

OURS = "http://127.0.0.1:8401"


def served(guard: Guard) -> FlaskClient:
    app = Flask("guarded")
    guard.watch(app)
    app.add_url_rule("/", "page", lambda: "page")
    app.add_url_rule("/act", "act", lambda: {"done": True}, methods=["POST"])
    return app.test_client()


@pytest.fixture
def guard() -> Guard:
    return Guard()


@pytest.fixture
def client(guard: Guard) -> FlaskClient:
    return served(guard)


@pytest.mark.parametrize("host", ["127.0.0.1:8401", "localhost:8401", "[::1]:8401", "127.0.0.1"])
def test_our_own_names_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize("host", ["evil.example:8401", "127.0.0.1.evil.example", "evil.example"])
def test_a_name_that_was_pointed_at_us_is_refused(client: FlaskClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 421


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_browser_that_says_it_comes_from_another_site_is_refused(client, site: str) -> None:
    said = {"Sec-Fetch-Site": site, "Host": "127.0.0.1:8401"}
    assert client.get("/", headers=said).status_code == 403


def test_a_change_needs_the_token_of_our_own_page(client: FlaskClient, guard: Guard) -> None:
    host = {"Host": "127.0.0.1:8401", "Origin": OURS}
    assert client.post("/act", json={}, headers=host).status_code == 403
    assert client.post("/act", json={}, headers={**host, TOKEN: "x"}).status_code == 403
    right = {**host, TOKEN: guard.token}
    assert client.post("/act", json={}, headers=right).status_code == 200


def test_a_change_from_another_origin_is_refused_with_the_token_too(client, guard: Guard) -> None:
    for origin in ("http://evil.example", "http://127.0.0.1:9999", "null"):
        said = {"Host": "127.0.0.1:8401", "Origin": origin, TOKEN: guard.token}
        assert client.post("/act", json={}, headers=said).status_code == 403


def test_a_form_of_another_page_cannot_post(client: FlaskClient, guard: Guard) -> None:
    said = {"Host": "127.0.0.1:8401", TOKEN: guard.token}
    assert client.post("/act", data={"a": "1"}, headers=said).status_code == 415


def test_with_a_key_only_the_printed_address_opens_the_page() -> None:
    client = served(Guard(key="sesame"))
    host = {"Host": "127.0.0.1:8401"}
    assert client.get("/", headers=host).status_code == 401
    assert client.get("/?key=guess", headers=host).status_code == 401
    opened = client.get("/?key=sesame", headers=host)
    cookie = opened.headers["Set-Cookie"]
    assert opened.status_code == 302
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert client.get("/", headers={**host, "Cookie": cookie.split(";")[0]}).status_code == 200


def test_two_consoles_in_one_browser_do_not_take_each_others_key() -> None:
    apps = {port: served(Guard(key=f"of {port}")).application for port in (8401, 8402)}
    clients = {port: app.test_client(use_cookies=False) for port, app in apps.items()}
    jar = {}
    for port, client in clients.items():
        opened = client.get(f"/?key=of {port}", headers={"Host": f"127.0.0.1:{port}"})
        name, _, value = opened.headers["Set-Cookie"].split(";")[0].partition("=")
        jar[name] = value
    both = "; ".join(f"{name}={value}" for name, value in jar.items())
    for port, client in clients.items():
        host = {"Host": f"127.0.0.1:{port}", "Cookie": both}
        assert client.get("/", headers=host).status_code == 200


def test_a_link_on_another_site_opens_the_page_and_nothing_else(client: FlaskClient) -> None:
    said = {"Host": "127.0.0.1:8401", "Sec-Fetch-Site": "cross-site"}
    opens = {**said, "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert client.get("/", headers=opens).status_code == 200
    assert client.get("/act", headers=opens).status_code == 403
    assert client.post("/", headers=opens).status_code == 403
    framed = {**opens, "Sec-Fetch-Dest": "iframe"}
    assert client.get("/", headers=framed).status_code == 403


def test_a_token_or_key_of_any_letters_is_refused_and_no_failure(client: FlaskClient) -> None:
    said = {"Host": "127.0.0.1:8401", TOKEN: "s\u00e9same"}
    assert client.post("/act", json={}, headers=said).status_code == 403
    with_key = served(Guard(key="sesame"))
    assert with_key.get("/?key=s\u00e9same", headers={"Host": "127.0.0.1:8401"}).status_code == 401


def test_every_answer_forbids_foreign_and_inline_code(client: FlaskClient) -> None:
    for answer in (client.get("/"), client.get("/none"), client.post("/act", json={})):
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
