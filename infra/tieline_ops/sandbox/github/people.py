"""What people do in a simulated GitHub that is peculiar to it."""

from __future__ import annotations

from typing import Any

from tieline_ops.sandbox.github.state import Repository


class People:
    """The people of one repository. Raises KeyError for what does not exist."""

    def __init__(self, repository: Repository) -> None:
        self.repo = repository

    def pull_request(self, user: str, title: str, body: str = "") -> str:
        """A pull request, which takes a number as issues do."""
        with self.repo.lock:
            made = self.repo.open(self.repo.user(user), title, body, pull=True)
            return str(made.number)

    def transfer(self, user: str, id: str, number: int = 1) -> None:
        """Move an issue to another repository, where it has this number."""
        with self.repo.lock:
            where = f"/repositories/{self.repo.content.elsewhere}/issues/{number}"
            more: dict[str, Any] = {"changes": {"new_issue": {"number": number}}}
            self.repo.drop(self.repo.user(user), int(id), where, **more)

    def rename(self, name: str) -> None:
        """Give the repository another name; calls to the one before lead to the new one."""
        with self.repo.lock:
            self.repo.names_before.add(self.repo.name.casefold())
            self.repo.name = name

    def lock(self, user: str, id: str, locked: bool = True) -> None:
        """Let only those who may triage comment."""
        with self.repo.lock:
            self.repo.change(self.repo.user(user), int(id), locked=locked)

    def paste(self, user: str, name: str, content: bytes, media_type: str) -> str:
        """Drop a file into a text; gives the address that the text gets."""
        with self.repo.lock:
            self.repo.user(user)
            return f"https://github.com/{self.repo.upload(name, content, media_type).path}"

    def raw(self, id: str) -> str:
        """An issue's body as it is kept, marks and line ends and all."""
        return self.repo.issues[int(id)].body or ""
