"""The eight systems as profiles, and two that no vendor has but whose grain is the hardest."""

from __future__ import annotations

from datetime import timedelta

from simulation.model.profile import Profile

MS, SECOND, MINUTE = timedelta(milliseconds=1), timedelta(seconds=1), timedelta(minutes=1)
NONE = timedelta(0)

JIRA = Profile(
    name="jira",
    source="Jira Cloud REST v3: Issues, Issue comments, Webhooks, Search and reconcile",
    grain=MS,
    index_lag=2 * MINUTE,
    spelling="adf",
    precondition="none",
    comment_correlation=True,
    edits_comments=True,
    parts_touch=True,
    webhook_names_version=True,
    webhook_names_correlation=False,
    webhook_for_files=True,
    webhook_retries=(10 * MINUTE,) * 5,
    lists_deleted=False,
    copies_correlation=False,
    tells_maker=True,
    tags_are_slugs=True,
    page=4,
)
SERVICENOW = Profile(
    name="servicenow",
    source="ServiceNow: Table API, Business rules, sys_journal_field, sys_audit_delete",
    grain=None,
    index_lag=NONE,
    spelling="plain",
    precondition="none",
    comment_correlation=False,
    edits_comments=False,
    parts_touch=True,
    webhook_names_version=True,
    webhook_names_correlation=True,
    webhook_for_files=False,
    webhook_retries=(),
    lists_deleted=True,
    copies_correlation=True,
    tells_maker=True,
    trims_titles=160,
)
AZURE_DEVOPS = Profile(
    name="azure-devops",
    source="Azure DevOps: Work Items, Service hooks, Reporting work item revisions",
    grain=None,
    index_lag=30 * SECOND,
    spelling="html",
    precondition="version",
    comment_correlation=False,
    edits_comments=True,
    parts_touch=True,
    webhook_names_version=True,
    webhook_names_correlation=True,
    webhook_for_files=True,
    webhook_retries=(SECOND, 2 * SECOND, 4 * SECOND, 8 * SECOND, 16 * SECOND, 32 * SECOND),
    lists_deleted=True,
    copies_correlation=True,
    tells_maker=True,
)
GITHUB = Profile(
    name="github",
    source="GitHub REST: Issues, Issue comments, Troubleshooting webhooks",
    grain=SECOND,
    index_lag=MINUTE,
    spelling="markdown",
    precondition="none",
    comment_correlation=True,
    edits_comments=True,
    parts_touch=True,
    webhook_names_version=True,
    webhook_names_correlation=True,
    webhook_for_files=True,
    webhook_retries=(),
    lists_deleted=False,
    copies_correlation=True,
    tells_maker=True,
    retry_after=False,
)
ZENDESK = Profile(
    name="zendesk",
    source="Zendesk Support: Tickets (safe_update), Ticket audits, Incremental exports, Webhooks",
    grain=SECOND,
    index_lag=MINUTE,
    spelling="html",
    precondition="time",
    comment_correlation=True,
    edits_comments=False,
    parts_touch=True,
    webhook_names_version=True,
    webhook_names_correlation=False,
    webhook_for_files=True,
    webhook_retries=(MINUTE, 5 * MINUTE, 10 * MINUTE),
    lists_deleted=True,
    copies_correlation=False,
    tells_maker=True,
    tags_are_slugs=True,
    lower_tags=True,
)
FRESHDESK = Profile(
    name="freshdesk",
    source="Freshdesk API v2: Tickets, Conversations; Automations: Trigger webhook",
    grain=SECOND,
    index_lag=5 * MINUTE,
    spelling="html",
    precondition="none",
    comment_correlation=False,
    edits_comments=True,
    parts_touch=True,
    webhook_names_version=False,
    webhook_names_correlation=False,
    webhook_for_files=False,
    webhook_retries=(5 * MINUTE, 30 * MINUTE, 60 * MINUTE),
    lists_deleted=True,
    copies_correlation=False,
    tells_maker=False,
)
FRESHSERVICE = FRESHDESK.but(
    name="freshservice",
    source="Freshservice API v2: Tickets, Notes; Workflow automator: Trigger webhook",
    webhook_retries=(),
    tells_maker=False,
)
SALESFORCE = Profile(
    name="salesforce",
    source="Salesforce REST: sObject Rows, Query, CaseComment; Outbound messages",
    grain=SECOND,
    index_lag=5 * MINUTE,
    spelling="plain",
    precondition="time",
    comment_correlation=False,
    edits_comments=True,
    parts_touch=False,
    webhook_names_version=True,
    webhook_names_correlation=True,
    webhook_for_files=False,
    webhook_retries=(MINUTE, 2 * MINUTE, 4 * MINUTE, 8 * MINUTE),
    lists_deleted=True,
    copies_correlation=False,
    tells_maker=True,
    retry_after=False,
)
MINUTELY = GITHUB.but(
    name="minutely",
    source="no vendor's: a legacy tracker whose stamps have no seconds",
    grain=MINUTE,
    webhook_names_correlation=False,
    comment_correlation=False,
)
SILENT = SERVICENOW.but(
    name="silent",
    source="no vendor's: a legacy tracker without webhooks' help, late lists and day-long silence",
    grain=MINUTE,
    index_lag=5 * MINUTE,
    parts_touch=False,
    webhook_names_version=False,
    webhook_names_correlation=False,
    lists_deleted=False,
)
PROFILES = {
    p.name: p
    for p in (
        JIRA,
        SERVICENOW,
        AZURE_DEVOPS,
        GITHUB,
        ZENDESK,
        FRESHDESK,
        FRESHSERVICE,
        SALESFORCE,
        MINUTELY,
        SILENT,
    )
}
