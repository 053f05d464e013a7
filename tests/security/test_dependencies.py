"""What is shipped is pinned, its licences allow it, and the audit fails on what it should."""

import re
from datetime import date
from importlib import metadata

import pytest
from security import audit

SHIPPED = [
    line.split(";")[0].strip().split("==")
    for line in (audit.ROOT / "shared" / "requirements.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
LICENCES = re.compile(r"\b(MIT|BSD|Apache|ISC|MPL|Mozilla Public|PSF|Python Software Foundation)\b")
TODAY = date(2026, 6, 1)


def package(name, *ids, **more):
    vulns = [{"id": id, "aliases": [f"CVE-{id}"], "fix_versions": ["2.0"]} for id in ids]
    return {"name": name, "version": "1.0", "vulns": vulns, **more}


def allow(id, until, name="requests"):
    return {"id": id, "package": name, "until": until, "why": "never called"}


@pytest.mark.threat("dependency-known")
def test_every_package_that_is_shipped_is_pinned_to_one_version():
    assert SHIPPED
    assert [pair for pair in SHIPPED if len(pair) != 2] == []


@pytest.mark.threat("dependency-known")
@pytest.mark.parametrize("name", [pair[0].split("[")[0] for pair in SHIPPED])
def test_the_licence_of_what_is_shipped_allows_shipping_it(name):
    try:
        about = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        pytest.skip("not needed on this platform")
    words = [about.get("License-Expression") or "", about.get("License") or ""]
    words += [c for c in about.get_all("Classifier") or [] if c.startswith("License ::")]
    assert LICENCES.search(" ".join(words)), words
    assert not re.search(r"\b(A?GPL|LGPL)", " ".join(words)), words


@pytest.mark.threat("dependency-known")
def test_a_known_vulnerability_fails():
    found = audit.judge([package("requests", "PYSEC-1")], [], TODAY)
    assert found.wrong == ["requests 1.0: CVE-PYSEC-1, PYSEC-1; mended in 2.0"]
    assert found.asked == {"requests"}


@pytest.mark.threat("dependency-known")
def test_what_is_let_pass_passes_until_its_day_and_not_after():
    one = [package("requests", "PYSEC-1")]
    assert audit.judge(one, [allow("PYSEC-1", "2026-06-01")], TODAY).wrong == []
    assert audit.judge(one, [allow("CVE-PYSEC-1", "2026-06-01")], TODAY).passed
    (line,) = audit.judge(one, [allow("PYSEC-1", "2026-05-31")], TODAY).wrong
    assert line.endswith("was let pass until 2026-05-31")


@pytest.mark.threat("dependency-known")
@pytest.mark.parametrize(
    "other", [allow("PYSEC-2", "2027-01-01"), allow("PYSEC-1", "2027-01-01", "nh3")]
)
def test_what_is_let_pass_is_one_vulnerability_of_one_package(other):
    assert audit.judge([package("requests", "PYSEC-1")], [other], TODAY).wrong


@pytest.mark.threat("dependency-known")
def test_a_package_that_could_not_be_asked_about_is_told_of_and_fails_nothing():
    found = audit.judge([{"name": "nh3", "skip_reason": "not found"}], [], TODAY)
    assert (found.unasked, found.asked, found.wrong) == ({"nh3"}, set(), [])


@pytest.mark.threat("dependency-known")
def test_an_index_that_gives_no_answer_is_told_of_and_fails_nothing(monkeypatch, capsys):
    monkeypatch.setattr(audit, "PIP_AUDIT", audit.ROOT / "no such program")
    assert audit.main() == 0
    assert "could not be asked" in capsys.readouterr().out


@pytest.mark.threat("dependency-known")
def test_each_vulnerability_that_is_let_pass_says_why_and_until_when():
    for one in audit.allowed():
        assert set(one) == {"id", "package", "until", "why"}
        date.fromisoformat(one["until"])
        assert len(one["why"]) > 10
