"""Who we are, what is denied, and how long to wait."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
import requests
from pydantic import ValidationError
from support.github import ALL, FILES, HOOK_SECRET, START, Bench, drain

from tieline.connectors.github.auth import GitHubSecret, api_of
from tieline.connectors.github.check import moment_of_expiry
from tieline.connectors.jwt import signed_jwt
from tieline.domain.errors import Configuration, Credentials, Gone, Refused, Transient
from tieline.domain.ticket import Person
from tieline_ops.sandbox.github.logins import Access, app_pem
from tieline_ops.sandbox.server import serve

JANE = "jane@acme.example"


@pytest.fixture
def app(bench):
    return bench.connector(bench.sandbox.app_credentials())


def minted(bench):
    return [p for m, p in bench.calls() if p.endswith("/access_tokens")]


def test_every_call_names_itself_its_version_and_its_form(bench, gh, make):
    """Without a User-Agent GitHub answers 403, for an unknown version 400."""
    gh.read(make(), ALL)
    for exchange in bench.sandbox.traffic.exchanges():
        assert exchange.headers["user-agent"] == "tieline"
        assert exchange.headers["x-github-api-version"] == "2022-11-28"
        assert exchange.headers["accept"].startswith("application/vnd.github")
        assert exchange.headers["authorization"] == "Bearer …"
        assert not exchange.path.endswith("/")


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/repos/acme/app/issues", {"User-Agent": None}, 403),
        ("/repos/acme/app/issues", {"X-GitHub-Api-Version": "1999-01-01"}, 400),
        ("/repos/acme/app/issues/", {}, 404),
        ("/repos/acme/app/issues", {"Authorization": "Bearer wrong"}, 401),
        ("/repos/acme/app/nonsense", {}, 404),
        ("/repos/acme/app/issues?nonsense=1", {}, 422),
    ],
)
def test_the_simulated_github_is_as_strict_as_the_real_one(bench, path, headers, status):
    gh = bench.connector()
    given = {"Authorization": f"Bearer {bench.sandbox.token}", "User-Agent": "x", **headers}
    answer = gh._api.session.get(f"https://api.github.com{path}", headers=given)
    assert answer.status_code == status
    assert answer.json()["message"]


def test_an_answer_that_is_known_already_is_304_and_not_counted(bench, gh, make):
    url = f"https://api.github.com/repos/acme/app/issues/{make()}"
    given = {"Authorization": f"Bearer {bench.sandbox.token}", "User-Agent": "x"}
    first = gh._api.session.get(url, headers=given)
    again = gh._api.session.get(url, headers={**given, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["x-ratelimit-used"] == first.headers["x-ratelimit-used"]


def test_a_token_that_is_worth_nothing_is_a_matter_of_credentials(bench, gh, make):
    id = make()
    bench.sandbox.rotate()
    for act in (gh.whoami, lambda: gh.read(id, ALL), lambda: gh.create("k", {"title": "x"}, ALL)):
        with pytest.raises(Credentials, match="401"):
            act()
    assert bench.connector().whoami().id == "tieline"


def test_a_permission_that_a_token_lacks_is_a_refusal_that_names_it(bench, gh, make):
    """Reading works on, so it is not the credentials."""
    id = make()
    bench.sandbox.logins.tokens[bench.sandbox.token] = Access("tieline", {"issues": "read"})
    before = gh.read(id, ALL)
    with pytest.raises(Refused) as refused:
        gh.update(before, {"title": "y"}, ALL)
    assert "Resource not accessible by personal access token" in refused.value.words
    assert "issues=write" in refused.value.words
    with pytest.raises(Refused):
        gh.add_comment(id, "x", public=True, correlation="c")


def test_a_token_that_may_not_even_read_is_a_matter_of_credentials(bench, gh, make):
    id = make()
    bench.sandbox.logins.tokens[bench.sandbox.token] = Access("tieline", {"metadata": "read"})
    with pytest.raises(Credentials, match="may not read"):
        gh.read(id, ALL)


def test_an_app_signs_asks_for_a_token_of_this_repository_and_acts_as_its_bot(bench, app, make):
    id = make()
    assert app.whoami() == Person("tieline-app[bot]", "", "tieline-app")
    asked = bench.sandbox.traffic.exchanges("POST")
    assert [json.loads(e.body) for e in asked] == [{"repositories": ["app"]}]
    made = app.create("k", {"title": "x"}, ALL)
    assert made.made_by_us
    assert app.add_comment(id, "hello", public=True, correlation="c").ours
    assert app.read(id, ALL).comments[0].author.id == "tieline-app[bot]"
    assert len(minted(bench)) == 1


def test_an_apps_token_of_any_length_and_form_is_taken(bench, app, make):
    """They have grown, and differ in length."""
    id, lengths = make(), set()
    for _ in range(4):
        app.read(id, ALL)
        lengths |= {len(token) for token in bench.sandbox.logins.tokens}
        bench.pass_time(3600)
    assert len(lengths) > 2
    assert max(lengths) > 60


def test_an_apps_token_is_renewed_before_its_hour_is_over(bench, app, make):
    id = make()
    app.read(id, ALL)
    bench.calls()
    bench.pass_time(54 * 60)
    app.read(id, ALL)
    assert minted(bench) == []
    bench.pass_time(2 * 60)
    app.read(id, ALL)
    assert len(minted(bench)) == 1


def test_an_apps_token_that_ended_early_is_renewed_once_and_the_call_repeated(bench, app, make):
    id = make()
    app.read(id, ALL)
    bench.calls()
    bench.sandbox.logins.tokens.clear()
    assert app.read(id, ALL).id == id
    assert len(minted(bench)) == 1


def test_an_app_that_is_answered_401_for_ever_asks_for_one_token_and_gives_up(bench, app, make):
    id = make()
    app.read(id, ALL)
    bench.calls()
    bench.sandbox.faults.status(401, "GET", ".*/issues/.*", count=-1)
    with pytest.raises(Credentials):
        app.read(id, ALL)
    assert len(minted(bench)) == 1


def test_a_suspended_installation_is_a_matter_of_credentials(bench, app):
    bench.sandbox.logins.suspended = True
    with pytest.raises(Credentials, match="suspended"):
        app.whoami()


def test_an_app_that_is_not_installed_is_a_matter_of_credentials(bench):
    secret = bench.sandbox.app_credentials()
    for more in ({"installation_id": "12"}, {"app_id": 5}):
        with pytest.raises(Credentials):
            bench.connector({**secret, **more}).whoami()


def test_an_installation_that_is_said_is_not_asked_for(bench):
    gh = bench.connector({**bench.sandbox.app_credentials(), "installation_id": 8888})
    gh.whoami()
    assert not any(path == "/installation" for _, path in bench.calls())


@pytest.mark.parametrize("skew", [-50, 50])
def test_a_clock_that_differs_by_a_minute_does_no_harm_to_an_apps_signature(bench, app, skew):
    """GitHub refuses what is issued in the future, and what lasts more than ten minutes."""
    bench.sandbox.faults.clock_skew = timedelta(seconds=skew)
    assert app.whoami().id == "tieline-app[bot]"


def test_an_apps_repository_that_was_renamed_is_still_found(bench, app, make):
    id = make()
    app.read(id, ALL)
    bench.sandbox.rename("acme/application")
    bench.pass_time(3600)
    assert app.read(id, ALL).url.startswith("https://github.com/acme/application/")


def test_the_signature_is_rs256_over_what_stands_before_it():
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import padding  # noqa: PLC0415

    token = signed_jwt({"iss": "1"}, app_pem(), "github")
    head, claims, proof = token.split(".")
    assert json.loads(base64.urlsafe_b64decode(head + "==")) == {"alg": "RS256", "typ": "JWT"}
    assert json.loads(base64.urlsafe_b64decode(claims + "==")) == {"iss": "1"}
    key = serialization.load_pem_private_key(app_pem().encode(), None).public_key()
    signature = base64.urlsafe_b64decode(proof + "==")
    key.verify(signature, f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256())
    assert "=" not in token


def test_a_key_in_another_wrapping_signs_the_same():
    """GitHub gives PKCS #1; who converted it to PKCS #8 has the same key."""
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415

    again = signed_jwt({"iss": "1"}, app_pem(), "github")
    pem = serialization.load_pem_private_key(app_pem().encode(), None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    assert signed_jwt({"iss": "1"}, pem.decode(), "github") == again


@pytest.mark.parametrize("key", ["", "x", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n"])
def test_a_key_that_is_none_is_a_matter_of_credentials_and_stands_in_no_message(bench, key):
    gh = bench.connector({**bench.sandbox.app_credentials(), "private_key": key})
    with pytest.raises(Credentials, match="private_key") as refused:
        gh.whoami()
    assert key == "" or key not in str(refused.value)


def test_a_secret_of_another_form_is_refused_without_being_shown():
    whole = {"kind": "token", "token": "topsecret", "webhook_secret": "s"}
    for part in (
        {},
        {"kind": "x"},
        {"kind": "token"},
        {"kind": "token", "token": "topsecret"},
        {"kind": "app", "app_id": 1, "webhook_secret": "topsecret"},
        {**whole, "more": 1},
    ):
        with pytest.raises(ValidationError) as refused:
            GitHubSecret.model_validate(part)
        assert "topsecret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "base"),
    [
        ("https://github.com", "https://api.github.com"),
        ("https://GitHub.com/", "https://api.github.com"),
        ("https://acme.ghe.com", "https://api.acme.ghe.com"),
        ("https://git.acme.example", "https://git.acme.example/api/v3"),
        ("http://127.0.0.1:5000", "http://127.0.0.1:5000/api/v3"),
    ],
)
def test_the_api_is_where_the_site_has_it(url, base):
    held = {"kind": "token", "token": "t", "webhook_secret": HOOK_SECRET}
    assert api_of(GitHubSecret.model_validate(held), url) == base
    said = GitHubSecret.model_validate({**held, "base_url": "https://proxy.example/"})
    assert api_of(said, url) == "https://proxy.example"


def test_a_secondary_limit_says_how_long_and_is_no_refusal(bench, gh, make):
    """403 is not always a matter of permissions."""
    id = make()
    bench.sandbox.limit_rate(timedelta(seconds=30))
    with pytest.raises(Transient) as failure:
        gh.read(id, ALL)
    assert failure.value.after == timedelta(seconds=30)
    assert not failure.value.uncertain


def test_a_secondary_limit_that_does_not_say_is_waited_for_a_minute(bench, gh, make):
    id = make()
    bench.sandbox.limit_rate(None)
    bench.forget()
    with pytest.raises(Transient) as failure:
        gh.read(id, ALL)
    assert failure.value.after == timedelta(seconds=60)
    assert len(bench.calls()) == 1


def test_a_primary_limit_is_waited_for_until_its_reset(bench, gh, make):
    id = make()
    bench.sandbox.exhaust(timedelta(minutes=20))
    with pytest.raises(Transient) as failure:
        gh.read(id, ALL)
    assert failure.value.after == timedelta(minutes=20)


def test_retry_after_counts_before_what_remains(bench, gh, make):
    id = make()
    headers = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9999999999"}
    bench.sandbox.faults.status(403, headers=headers, retry_after=7)
    with pytest.raises(Transient) as failure:
        gh.read(id, ALL)
    assert failure.value.after == timedelta(seconds=7)


@pytest.mark.parametrize(
    ("headers", "after"),
    [
        ({}, 60),
        ({"Retry-After": "90"}, 90),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "x"}, 60),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}, 1),
    ],
)
def test_a_429_is_a_limit_whatever_it_says(bench, gh, make, headers, after):
    id = make()
    bench.sandbox.faults.status(429, headers=headers, count=9)
    with pytest.raises(Transient) as failure:
        gh.read(id, ALL)
    assert failure.value.after == timedelta(seconds=after)


def test_a_short_limit_is_waited_out_in_place(bench, gh, make):
    id = make()
    bench.sandbox.limit_rate(timedelta(seconds=2))
    assert gh.read(id, ALL).id == id


def test_the_limit_on_what_is_created_is_met_and_then_over(bench, gh, make):
    id = make()
    bench.sandbox.faults.switch("content_limit")
    for number in range(80):
        gh.add_comment(id, str(number), public=True, correlation=f"c-{number}")
    with pytest.raises(Transient) as failure:
        gh.add_comment(id, "one more", public=True, correlation="c-80")
    assert failure.value.after == timedelta(seconds=60)
    bench.pass_time(60)
    gh.add_comment(id, "one more", public=True, correlation="c-80")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_failing_github_is_asked_again_and_then_later(bench, gh, make, status):
    id = make()
    bench.sandbox.faults.status(status, count=2)
    assert gh.read(id, ALL).id == id
    bench.sandbox.faults.status(status, count=9)
    with pytest.raises(Transient):
        gh.read(id, ALL)


def test_a_create_is_never_sent_twice_by_itself(bench, gh):
    bench.sandbox.faults.status(502, "POST", ".*/issues", after=True)
    with pytest.raises(Transient) as failure:
        gh.create("k", {"title": "x"}, ALL)
    assert failure.value.uncertain
    assert len(bench.desk.ids()) == 1


def test_a_lost_answer_to_an_update_is_asked_for_again(bench, gh, make):
    before = gh.read(make(), ALL)
    bench.sandbox.faults.lost_answer("PATCH")
    assert gh.update(before, {"title": "y"}, ALL).fields["title"] == "y"


def test_check_names_what_is_there_and_what_is_missing(bench, gh):
    found = list(gh.inspect())
    assert all(finding.ok for finding in found)
    assert "signed in as tieline" in found[0].what


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda s: s.rotate(), "401"),
        (lambda s: setattr(s.repo, "archived", True), "archived"),
        (lambda s: setattr(s.repo, "has_issues", False), "switched off"),
        (lambda s: setattr(s.repo.user("tieline"), "role", "read"), "dropped"),
        (lambda s: s.rename("acme/application"), "now called acme/application"),
        (
            lambda s: setattr(s.logins.tokens[s.token], "expires", "2026-03-10 09:00:00 UTC"),
            "ends on 2026-03-10",
        ),
    ],
)
def test_check_says_what_is_wrong_and_what_would_be_right(bench, gh, spoil, said):
    spoil(bench.sandbox)
    wrong = [finding for finding in gh.inspect() if not finding.ok]
    assert [said in finding.what for finding in wrong] == [True]
    assert wrong[0].remedy


def test_check_tries_the_label_and_the_branch(bench):
    good = bench.connector(label="TIELINE", **FILES)
    assert all(finding.ok for finding in good.inspect())
    bad = bench.connector(label="nonsense", files_branch="nowhere")
    wrong = [finding.what for finding in bad.inspect() if not finding.ok]
    assert len(wrong) == 2


@pytest.mark.parametrize(
    "text",
    ["2027-10-12 09:00:00 UTC", "2027-10-12T09:00:00Z", "2027-10-12 11:00:00 +0200"],
)
def test_the_end_of_a_token_is_read_in_every_form_that_was_seen(text):
    moment = moment_of_expiry(text)
    assert moment is not None
    assert (moment.year, moment.astimezone(START.tzinfo).hour) == (2027, 9)
    assert moment_of_expiry("") is None
    assert moment_of_expiry("soon") is None


def test_the_same_holds_over_http_where_the_sandbox_is_its_own_site_and_store(bench):
    """As a server of one's own has it: the API below /api/v3."""
    sandbox = bench.sandbox
    with serve(sandbox.app) as served:
        gh = Bench(sandbox).connector(url=served.url)
        gh._api.session.mount("http://", requests.adapters.HTTPAdapter())
        url = sandbox.paste(JANE, "shot.png", b"png", "image/png")
        id = sandbox.desk.make(JANE, title="x", body=f"![shot.png]({url})")
        ticket = gh.read(id, ALL)
        assert [(f.name, f.size) for f in ticket.attachments] == [("shot.png", 3)]
        assert gh.open_attachment(id, ticket.attachments[0]).read() == b"png"
        after = gh.update(ticket, {"body": "see " + ticket.fields["body"]}, ALL)
        assert after.fields["body"] == "see ![shot.png](attachment:shot.png)"
        assert sandbox.raw(id) == f"see ![shot.png]({url})"
        made = gh.create("k", {"title": "y"}, ALL)
        assert gh.find("k", sandbox.clock.now()) == (made.id,)
        assert {h.id for h in drain(gh, drain(gh, None, START)[1], START)[0]} == {id, made.id}
    bench.sandbox.traffic.clear()


def test_what_is_gone_while_it_is_written_is_gone(bench, gh, make):
    before = gh.read(make(), ALL)
    bench.desk.delete(JANE, before.id)
    with pytest.raises(Gone):
        gh.update(before, {"title": "y"}, ALL)
    with pytest.raises(Gone):
        gh.add_comment(before.id, "x", public=True, correlation="c")


def test_the_layer_without_its_library_is_a_configuration_error(bench, app, monkeypatch):
    import sys  # noqa: PLC0415

    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives", None)
    with pytest.raises(Configuration, match="cryptography"):
        app.whoami()


def test_a_token_needs_no_library_for_signatures(bench, make):
    import subprocess  # noqa: PLC0415
    import sys  # noqa: PLC0415

    program = (
        "import sys; import tieline.connectors.github.connector; "
        "print([m for m in sys.modules if m.startswith('cryptography')])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    assert run.stdout.strip() == "[]"
