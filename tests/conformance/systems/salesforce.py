"""Salesforce Case under the conformance suite."""

from __future__ import annotations

from typing import Any

from conformance.system import Lack, Sample, Status, SystemUnderTest

from tieline.domain.ticket import Kind


def _clone(salesforce: Any, id: str) -> str:
    """The command Clone of a case's page."""
    return str(salesforce.desk.copy("jane@acme.example", id))


SYSTEM = SystemUnderTest(
    system="salesforce",
    url="https://acme.my.salesforce.com",
    second_url="https://other.my.salesforce.com",
    scope={},
    title="Subject",
    status=Status("Status", "New", "Working", "Closed"),
    fields=(
        Sample("Subject", Kind.TEXT, "Printer on fire", "Printer is out", clears=False),
        Sample("Vendor__c", Kind.TEXT, "Acme Paper", "Other Paper"),
        Sample("Notes__c", Kind.TEXT, "One\nTwo", "Three"),
        Sample("Impact__c", Kind.RICH, "It **burns**.", "- one\n- two"),
        Sample("Description", Kind.RICH, "It burns.", "- one\n- two"),
        Sample("Go_Live__c", Kind.DATE, "2026-04-01", "2026-05-31"),
        Sample("Due__c", Kind.DATETIME, "2026-03-05T08:15:00Z", "2026-03-05T23:45:10Z"),
        Sample("Severity__c", Kind.OPTION, "Critical", "Minor"),
        Sample("Priority", Kind.OPTION, "High", "Low", clears=False),
        Sample("Regions__c", Kind.OPTIONS, ["Europe", "Asia"], ["Americas"]),
        Sample("Owner", Kind.PERSON, "omar@acme.example", "lena@acme.example", clears=False),
        Sample("Backup_Agent__c", Kind.PERSON, "omar@acme.example", "lena@acme.example"),
        Sample("Score__c", Kind.NUMBER, 3, 5.5),
        Sample("VIP__c", Kind.BOOLEAN, True, False, clears=False),
    ),
    rows=450,
    many_comments=210,
    copy=_clone,
    switch_sets=(
        frozenset(),
        frozenset({"comments_move_cases"}),
        frozenset({"conditions_keep_fractions"}),
        frozenset({"deleted_links_vanish"}),
        frozenset({"no_link_semi_join"}),
        frozenset({"pictures_dropped"}),
        frozenset({"reference_not_unique"}),
    ),
    lacks={
        "fields.tags": Lack(
            "a case has no tags: topics are records of their own, and are not built",
            "Salesforce Object reference: Case; TopicAssignment",
        ),
        "errors.limits": Lack(
            "the limit is over 24 hours, and no answer says when calls are free again",
            "Salesforce REST API: API request limits (403 REQUEST_LIMIT_EXCEEDED)",
        ),
        "webhooks.forged": Lack(
            "the proof is a header of its own, which says nothing of the body: the case that it "
            "names is read again",
            "Salesforce Flow: HTTP callout",
        ),
        "files.inline+pictures_dropped": Lack(
            "a rich text area keeps pictures of its own alone",
            "Salesforce: Rich text area fields",
        ),
        "files.delete_told+deleted_links_vanish": Lack(
            "the link of a deleted file is listed nowhere: it is noticed with the next change",
            "Salesforce REST API: QueryAll",
        ),
        "files.delete_told+no_link_semi_join": Lack(
            "links cannot be listed over all cases: it is noticed with the next change",
            "Salesforce Object reference: ContentDocumentLink",
        ),
        "changes.parts+no_link_semi_join": Lack(
            "links cannot be listed over all cases: a file is noticed with the next change",
            "Salesforce Object reference: ContentDocumentLink",
        ),
        "inspect.whole+no_link_semi_join": Lack(
            "the finding says that files are noticed with the next change only",
            "Salesforce Object reference: ContentDocumentLink",
        ),
        "inspect.whole+reference_not_unique": Lack(
            "the finding says that the external id must be unique",
            "Salesforce: Custom field attributes",
        ),
    },
)
