"""Files: versions, links, names, and pictures in rich text areas."""

from __future__ import annotations

import io

import pytest
from support.salesforce import ALL, JANE, OMAR

from tieline.connectors.base import Want
from tieline.connectors.salesforce import saying as module
from tieline.connectors.salesforce.conversation import file_name, title_of
from tieline.domain.errors import Gone, Refused
from tieline_ops.sandbox.salesforce import work

IMPACT = Want(frozenset({"Impact__c"}))


def files(bench, id):
    return bench.connector().read(id, ALL).attachments


def test_a_file_goes_as_base64_within_json_and_is_published_in_its_case(bench):
    connector, id = bench.connector(), bench.make()
    made = connector.add_attachment(id, "log.bin", "text/plain", io.BytesIO(bytes(range(256))))
    assert bench.desk.see(id).files == {"log.bin": bytes(range(256))}
    [post] = bench.sandbox.traffic.exchanges("POST", "/sobjects/ContentVersion")
    assert b'"VersionData": "AAEC' in post.body
    [read] = files(bench, id)
    assert (read.id, read.ours) == (made.id, True)


@pytest.mark.parametrize(
    "name", ["log.txt", "log", "a.txt.txt", ".bashrc", "archive.tar.gz", "x.", "LOG.TXT", "a.b c"]
)
def test_a_name_is_a_title_and_an_extension(name):
    extension = name.rpartition(".")[2] if "." in name else None
    assert file_name({"Title": title_of(name), "FileExtension": extension}) == name


def test_a_file_beyond_what_json_takes_is_refused(bench, monkeypatch):
    monkeypatch.setattr(module, "MOST_FILE", 10)
    connector, id = bench.connector(), bench.make()
    with pytest.raises(Refused):
        connector.add_attachment(id, "log.bin", "text/plain", io.BytesIO(b"x" * 11))
    assert bench.desk.see(id).files == {}


def test_a_new_version_of_a_file_is_another_file(bench):
    connector, id = bench.connector(), bench.make()
    old = bench.desk.attach(JANE, id, "log.txt", b"one")
    first = connector.read(id, ALL)
    new = bench.desk.attach_version(OMAR, id, old, b"two")
    second = connector.read(id, ALL)
    assert [f.id for f in first.attachments or ()] == [old]
    [file] = second.attachments or ()
    assert file.id == new
    with connector.open_attachment(id, file) as stream:
        assert stream.read() == b"two"


def test_a_file_of_others_leaves_the_case_and_stays_where_else_it_is(bench):
    connector, id, other = bench.connector(), bench.make(), bench.make()
    theirs = bench.desk.attach(JANE, id, "log.txt", b"1")
    site = bench.site
    document = site.record("ContentDocument", site.tables["ContentVersion"][theirs].values[
        "ContentDocumentId"
    ])  # fmt: skip
    work.link(site, work.By(site.user(JANE)), document, site.record("Case", other))
    connector.delete_attachment(id, theirs)
    connector.delete_attachment(id, theirs)
    assert bench.desk.see(id).files == {}
    assert bench.desk.see(other).files == {"log.txt": b"1"}


def test_our_own_file_is_deleted_with_its_document(bench):
    connector, id = bench.connector(), bench.make()
    made = connector.add_attachment(id, "log.txt", "text/plain", io.BytesIO(b"1"))
    connector.delete_attachment(id, made.id)
    assert bench.site.live("ContentDocument") == []
    with pytest.raises(Gone):
        connector.open_attachment(id, made)


def test_links_are_never_asked_for_without_the_filter_that_is_demanded(bench):
    connector, id = bench.connector(), bench.make()
    connector.read(id, ALL)
    with pytest.raises(Refused) as refused:
        connector._api.rows("SELECT Id FROM ContentDocumentLink LIMIT 1")
    assert "Implementation restriction" in refused.value.words


def test_a_picture_of_a_rich_text_area_is_a_file_of_the_case(bench):
    connector, id = bench.connector(), bench.make()
    made = connector.add_attachment(id, "shot 1.png", "image/png", io.BytesIO(b"png"))
    ticket = connector.read(id, IMPACT)
    text = "See:\n\n![shot](attachment:shot%201.png)"
    after = connector.update(ticket, {"Impact__c": text}, IMPACT)
    held = bench.raw(id)["Impact__c"]
    assert f"https://acme.my.salesforce.com/sfc/servlet.shepherd/version/download/{made.id}" in held
    assert "](attachment:shot%201.png)" in str(after.fields["Impact__c"])


def test_a_picture_that_salesforce_keeps_for_itself_is_left_to_it(bench):
    id = bench.make()
    bench.raw(id)["Impact__c"] = (
        '<p>See <img src="/servlet/rtaImage?eid=500&amp;feoid=00N&amp;refid=0EM" alt="shot"></p>'
    )
    read = bench.connector().read(id, IMPACT)
    assert "attachment:" not in str(read.fields["Impact__c"])


def test_a_file_of_an_id_that_is_none_is_gone(bench):
    connector, id = bench.connector(), bench.make()
    file = connector.add_attachment(id, "log.txt", "text/plain", io.BytesIO(b"1"))
    with pytest.raises(Gone):
        connector.open_attachment(id, type(file)("../x", "x", "text/plain", 1, file.created))
