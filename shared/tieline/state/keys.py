"""The keys of a link's items; what stands under each, `state.dynamodb` says."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from tieline.domain.brake import BrakeKind
from tieline.state.items import Item, text


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of one link."""

    link: str

    def twin(self, key: str, sk: str = "twin") -> Item:
        return self._item(f"twin#{key}", sk)

    def ticket(self, side: str, id: str) -> Item:
        return self._item(f"ticket#{side}#{id}", "ticket")

    def side(self, side: str, sk: str) -> Item:
        return self._item(f"side#{side}", sk)

    def person(self, side: str, email: str) -> Item:
        return self._item(f"person#{side}", hashlib.sha256(email.encode()).hexdigest())

    def work(self, name: str) -> Item:
        return self._item("work", name)

    def brake(self, kind: BrakeKind) -> Item:
        return self._item("brake", kind)

    def bug(self, digest: str) -> Item:
        return self._item("bugs", digest)

    def asked(self, asked: str) -> Item:
        return self._item("asked", asked)

    def version(self, sk: str) -> Item:
        return self._item("versions", sk)

    def partition(self, name: str) -> Item:
        """What is listed as one: `bugs`, `versions`, the indexes `due`, `parked` and `twins`."""
        return text(f"{self.link}#{name}")

    def _item(self, pk: str, sk: str) -> Item:
        return {"pk": text(f"{self.link}#{pk}"), "sk": text(sk)}
