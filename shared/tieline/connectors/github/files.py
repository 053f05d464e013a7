"""Files of issues: people's own, out of texts, and ours, in a branch of the repository.

GitHub has no API to add a file to an issue. Where a link names a branch for it, a file is
committed there and a comment shows it; the comment's mark says what the file is.
"""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any, BinaryIO, cast
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

import requests

from tieline.connectors.github.api import REPO, Api
from tieline.connectors.github.assets import HOME, Asset, file_name
from tieline.connectors.github.marker import file_mark, file_of
from tieline.connectors.github.stamps import moment_of
from tieline.connectors.http import Http
from tieline.connectors.http import media_type as header_type
from tieline.domain.errors import Configuration, Gone, Refused, Stale, Transient
from tieline.domain.ticket import Attachment

CONTENT = REPO + "/contents/issues/{number}/{folder}/{name}"
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,200}")
_PATH = re.compile(r"issues/([1-9][0-9]{0,17})/([0-9a-f]{8})/([^/]{1,250})")
_STORES = re.compile(
    r"(?:[a-z0-9-]+\.)*github(?:usercontent)?\.com"
    r"|github-(?:production|cloud)[a-z0-9-]*\.s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com"
)
"""Hosts where GitHub keeps files; no other is asked."""
_HOPS = 4
_LARGEST = 100_000_000
"""Bytes of a file whose size no answer says."""
OURS = "c"
"""Before a comment's number, in the id of a file of ours."""

Json = Mapping[str, Any]


def branch_of(scope: Mapping[str, str]) -> str:
    """The branch for files, "" if there is none. Raises Configuration."""
    branch = scope.get("files_branch", "")
    if branch and (not _BRANCH.fullmatch(branch) or ".." in branch):
        raise Configuration("github: `files_branch` is not the name of a branch")
    return branch


def file_comment(comment: Json) -> Mapping[str, str]:
    """What a comment's mark says of the file that it stands for; empty for other comments."""
    about = file_of(comment.get("body"))
    right = _PATH.fullmatch(about.get("path", "")) and about.get("size", "").isdecimal()
    return about if right and len(about["size"]) < 16 else {}


def attachment_of(comment: Json, about: Mapping[str, str]) -> Attachment:
    """The file that a comment of ours stands for."""
    return Attachment(
        id=f"{OURS}{comment['id']}",
        name=about.get("name") or "file",
        media_type=about.get("type") or "application/octet-stream",
        size=int(about["size"]),
        created=moment_of(comment["created_at"]),
        ours=True,
    )


class Branch:
    """Our own files. GitHub REST, Repositories: Create or update file contents, and its like."""

    def __init__(self, api: Api, site: str, branch: str) -> None:
        self._api = api
        self._site = site
        self._branch = branch

    def add(self, number: str, name: str, media_type: str, content: BinaryIO) -> str:
        """Commit a file; gives the text of the comment that stands for it. Raises Refused."""
        if not self._branch:
            words = "GitHub has no API for files of issues; name a branch for them in the scope"
            raise Refused("github: `files_branch` is not set, so no file can be added", words)
        read = content.read()
        named = file_name(name) or "file"
        parts = {"number": number, "folder": uuid.uuid4().hex[:8], "name": named}
        body = {
            "message": "A file of an issue",
            "content": base64.b64encode(read).decode(),
            "branch": self._branch,
        }
        try:
            self._api.call("PUT", CONTENT, parts=parts, json=body, safe=False)
        except Stale:
            raise Transient("github: another commit came between") from None
        except Gone:
            raise Configuration(
                "github: there is no branch of the name in `files_branch`, or it may not be written"
            ) from None
        path = CONTENT.removeprefix(f"{REPO}/contents/").format(**parts)
        about = {
            "path": path,
            "name": name,
            "size": str(len(read)),
            "type": header_type(media_type),
        }
        return f"[{_words(name)}]({self._address(path)})\n\n{file_mark(about)}"

    def open(self, about: Mapping[str, str], size: int) -> BinaryIO:
        """The content of a file of ours. GitHub REST, Repositories: Get repository content."""
        response = self._api.call(
            "GET",
            CONTENT,
            parts=_parts(about),
            params=self._ref(),
            headers={"Accept": "application/vnd.github.raw+json"},
            file=size,
        )
        return cast("BinaryIO", response.raw)

    def remove(self, about: Mapping[str, str]) -> None:
        """Take a file out of the branch; one that is gone already is no error."""
        parts = _parts(about)
        try:
            sha = self._api.json("GET", CONTENT, parts=parts, params=self._ref())["sha"]
            body = {"message": "A file of an issue is gone", "sha": sha, "branch": self._branch}
            self._api.call("DELETE", CONTENT, parts=parts, json=body)
        except Gone:
            return
        except Stale:
            raise Transient("github: another commit came between") from None

    def picture(self, path: str) -> str:
        """The address that shows a file of ours within a text."""
        return f"{self._address(path)}?raw=true"

    def _ref(self) -> dict[str, str]:
        return {"ref": self._branch} if self._branch else {}

    def _address(self, path: str) -> str:
        return f"{self._site}/{self._api.place}/blob/{quote(self._branch)}/{quote(path)}"


def _parts(about: Mapping[str, str]) -> dict[str, str]:
    found = _PATH.fullmatch(about["path"])
    assert found is not None
    return {"number": found[1], "folder": found[2], "name": found[3]}


def _words(name: str) -> str:
    return re.sub(r"([\\\[\]`*_<>@#])", r"\\\1", " ".join(name.split())) or "file"


class Store:
    """Files that people put into texts, where GitHub keeps them. No credentials go there."""

    def __init__(self, site: str, session: requests.Session, options: Mapping[str, Any]) -> None:
        self._site = site
        self._options = {**options, "session": session, "system": "github", "auth": None}

    def described(
        self, assets: Iterable[Asset], shown: Mapping[str, str], names: Mapping[str, str],
        public: Callable[[], bool],
    ) -> tuple[Attachment, ...]:  # fmt: skip
        """The files that can be had, with size and kind; others stay the links that they are.

        GitHub shows pictures of a private repository by signed addresses, and no other file.
        """
        found = []
        for asset in assets:
            address = self._address(asset, shown, public)
            if not address:
                continue
            try:
                size, kind = self._measured(address)
            except (Gone, Refused):
                continue
            found.append(Attachment(asset.id, names[asset.id], kind, size, asset.created))
        return tuple(found)

    def open(
        self, asset: Asset, shown: Mapping[str, str], size: int, public: Callable[[], bool]
    ) -> BinaryIO:
        """The content of a file. Raises Gone where GitHub does not show it."""
        address = self._address(asset, shown, public)
        if not address:
            raise Gone("github: a file of a private repository that GitHub shows to browsers alone")
        final = self._final(address)
        response = self._get(str(final.url), file=size)
        return cast("BinaryIO", response.raw)

    def _address(self, asset: Asset, shown: Mapping[str, str], public: Callable[[], bool]) -> str:
        if asset.id in shown:
            return shown[asset.id]
        return self._home() + asset.path if public() else ""

    def _home(self) -> str:
        # A site on this machine is its own store.
        return self._site if urlsplit(self._site).scheme == "http" else HOME

    def _measured(self, address: str) -> tuple[int, str]:
        """Size and media type, by the head of an answer whose body is left where it is.

        A signed address takes GET alone.
        """
        final = self._final(address)
        kind = header_type(final.headers.get("Content-Type", "").partition(";")[0].strip())
        length = final.headers.get("Content-Length", "")
        if length.isdecimal():
            return int(length), kind
        with self._get(str(final.url), file=_LARGEST).raw as content:
            return content.seek(0, 2), kind

    def _final(self, address: str) -> requests.Response:
        """The head of what an address leads to in the end."""
        for _ in range(_HOPS):
            response = self._get(address, redirect="show")
            if not response.is_redirect:
                return response
            address = urljoin(address, response.headers["location"])
        raise Gone("github: a file's address leads on and on")

    def _get(self, address: str, **arguments: Any) -> requests.Response:
        """One call. An address may hold a proof: no part of it stands in the path's template."""
        url, http = urlsplit(address), Http(base=self._base(address), **self._options)
        steps = [unquote(step) for step in url.path.split("/") if step]
        parts = {f"step{number}": step for number, step in enumerate(steps)}
        path = "".join(f"/{{{name}}}" for name in parts)
        params = parse_qsl(url.query, keep_blank_values=True)
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        call: Any = http.call
        found: requests.Response = call(
            "GET", path, parts=parts, params=params, headers=headers, **arguments
        )
        return found

    def _base(self, address: str) -> str:
        """The host of an address, if it is one of GitHub's or the site itself."""
        url, site = urlsplit(address), urlsplit(self._site)
        if (url.scheme, url.netloc) == (site.scheme, site.netloc):
            return f"{site.scheme}://{site.netloc}"
        try:
            known = url.scheme == "https" and url.port is None and not url.username
        except ValueError:
            known = False
        if not known or not _STORES.fullmatch(url.hostname or ""):
            raise Gone("github: a file's address leads to a host that is not GitHub's")
        return f"https://{url.hostname}"
