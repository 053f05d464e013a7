"""Comments of work items. All are public: Azure DevOps has no others.

Azure DevOps REST 7.1 (7.1-preview.4), Comments: Get comments, Add comment, Update, Delete.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tieline.connectors.azure_devops.api import COMMENTS, Api
from tieline.connectors.azure_devops.text import HTML, MARKDOWN, from_markdown
from tieline.connectors.azure_devops.wire import comment_id
from tieline.domain.errors import Configuration, Gone

LIST = "/{project}/_apis/wit/workItems/{id}/comments"
ONE = "/{project}/_apis/wit/workItems/{id}/comments/{comment}"
_PAGE = 200
_MOST = 500
"""Pages of one list, so that a token that leads nowhere ends."""

Raw = Mapping[str, Any]


class Comments:
    """The comments of one project's items, as Azure DevOps has them."""

    def __init__(self, api: Api, project: str) -> None:
        self._api = api
        self._project = project

    def all(self, id: str) -> list[Raw]:
        """Every comment that was not deleted, oldest first."""
        params: dict[str, Any] = {"$top": _PAGE, "order": "asc"}
        found: list[Raw] = []
        for _ in range(_MOST):
            page = self._api.json(
                "GET", LIST, version=COMMENTS, parts=self._parts(id), params=params
            )
            found += [each for each in page.get("comments") or () if not each.get("isDeleted")]
            token = page.get("continuationToken")
            if not token:
                return found
            params = {**params, "continuationToken": token}
        raise Configuration("azure-devops: a list of comments has no end")

    def add(self, id: str, body: str, urls: Mapping[str, str]) -> Raw:
        """A new one, as HTML, which every version takes."""
        return self._write("POST", LIST, self._parts(id), body, urls)

    def edit(self, id: str, comment: str, body: str, urls: Mapping[str, str]) -> Raw:
        """Another text for one; what was made a Markdown comment stays one."""
        parts = {**self._parts(id), "comment": comment}
        made = self._write("PATCH", ONE, parts, body, urls)
        if str(made.get("format") or HTML).casefold() == MARKDOWN:
            return self._write("PATCH", ONE, parts, body, urls, MARKDOWN)
        if made.get("isDeleted"):
            raise Gone(f"azure-devops PATCH {ONE}: the comment is deleted")
        return made

    def delete(self, id: str, comment: str) -> None:
        """One that is gone already is no error."""
        parts = {**self._parts(id), "comment": comment}
        try:
            self._api.call("DELETE", ONE, version=COMMENTS, parts=parts)
        except Gone:
            return

    def _write(
        self,
        method: str,
        path: str,
        parts: Mapping[str, str],
        body: str,
        urls: Mapping[str, str],
        form: str = HTML,
    ) -> Raw:
        text = from_markdown(body, form, urls)
        made: Raw = self._api.json(
            method,
            path,
            version=COMMENTS,
            parts=parts,
            params={"format": form},
            # An array, as old examples have it, is answered 400.
            json={"text": text},
            safe=method == "PATCH",
        )
        return made

    def _parts(self, id: str) -> dict[str, str]:
        return {"project": self._project, "id": id}


def marks(comments: list[Raw]) -> list[str]:
    """What tells whether a list is the same: each comment's id and version."""
    return [f"{comment_id(each)}:{each.get('version', '')}" for each in comments]
