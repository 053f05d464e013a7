"""What is asked for is what the connectors declare, and a webhook secret is never lost by it."""

from __future__ import annotations

import pytest
from support.shipped import SHIPPED

from tieline_ops.secret_forms import checked, forms, with_webhook_secret
from tieline_ops.trouble import Trouble


def test_the_forms_are_those_of_the_connectors() -> None:
    kinds = {system: [form.kind for form in forms(system)] for system in SHIPPED}
    assert kinds["jira"] == ["api_token", "oauth"]
    assert kinds["freshdesk"] == ["api_key"]
    assert kinds["servicenow"] == ["oauth", "basic"]
    (app,) = [form for form in forms("github") if form.kind == "app"]
    asked = {field.name: field for field in app.fields}
    assert (asked["private_key"].file, asked["private_key"].hidden) == (True, False)
    assert asked["app_id"].required
    assert not asked["installation_id"].required
    assert app.about.startswith("A GitHub App")


@pytest.mark.parametrize("system", sorted(SHIPPED))
def test_every_field_that_holds_a_secret_is_hidden_and_none_is_our_own(system: str) -> None:
    for form in forms(system):
        names = [field.name for field in form.fields]
        assert not {"kind", "expires_at", "webhook_secret", "webhook_secret_before"} & {*names}
        assert [f.required for f in form.fields] == sorted(f.required for f in form.fields)[::-1]
        for field in form.fields:
            words = ("token", "password", "secret", "_key")
            secret = field.name == "key" or any(word in field.name for word in words)
            plain = field.name in {"token_url", "private_key"}
            assert field.hidden == (secret and not plain), field.name


def test_a_new_webhook_secret_is_long_and_another_each_time() -> None:
    made = {with_webhook_secret({"kind": "x"}, {})["webhook_secret"] for _ in range(20)}
    assert len(made) == 20
    assert all(len(each) >= 43 for each in made)


@pytest.mark.parametrize(
    ("given", "before", "now", "also"),
    [
        ({}, {"webhook_secret": "a"}, "a", None),
        ({}, {"webhook_secret": "a", "webhook_secret_before": "z"}, "a", "z"),
        ({"webhook_secret": "b"}, {"webhook_secret": "a"}, "b", "a"),
        ({"webhook_secret": "a"}, {"webhook_secret": "a"}, "a", None),
        (
            {"webhook_secret": "a"},
            {"webhook_secret": "a", "webhook_secret_before": "z"},
            "a",
            "z",
        ),
        (
            {"webhook_secret": "z"},
            {"webhook_secret": "a", "webhook_secret_before": "z"},
            "z",
            "a",
        ),
        ({"webhook_secret": "b", "webhook_secret_before": ""}, {"webhook_secret": "a"}, "b", ""),
    ],
)
def test_what_webhooks_are_signed_with_stays_taken(
    given: dict[str, str], before: dict[str, str], now: str, also: str | None
) -> None:
    made = with_webhook_secret(given, before)
    assert (made["webhook_secret"], made.get("webhook_secret_before")) == (now, also)


def test_a_third_webhook_secret_is_refused_while_two_are_taken() -> None:
    held = {"webhook_secret": "a", "webhook_secret_before": "z"}
    with pytest.raises(Trouble, match="third") as third:
        with_webhook_secret({"webhook_secret": "b"}, held)
    assert "--finish" in third.value.hint


def test_what_does_not_fit_is_named_without_its_value() -> None:
    with pytest.raises(Trouble) as wrong:
        checked("freshdesk", {"kind": "api_key", "api_kee": "planted", "webhook_secret": "planted"})
    assert "api_key.api_key" in wrong.value.message
    assert "planted" not in wrong.value.message + wrong.value.hint
    assert "docs/connectors/freshdesk.md" in wrong.value.hint
