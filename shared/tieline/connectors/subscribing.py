"""Webhooks that we make in a system ourselves, where its API has them. For operators alone.

A connector whose system has such an API gives them by `subscriptions()`; whoever calls it loads
them then. They are known as ours by the address that they post to, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, Protocol
from urllib.parse import urlsplit

from tieline.domain.errors import Refused, TielineError

SignedBy = Literal["link", "system", "app"]
"""Whose secret signs: the link's, which a webhook is given; one that the system makes for each
webhook; or that of an OAuth app, which is changed in the system's own console."""
Take = Callable[[str], None]
"""Stores a secret. Whatever it signs is taken when this comes back, and not before."""


def taken(_: str) -> None:
    """A `Take` for a secret that is stored already."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """One webhook as its system shows it.

    `state` is the system's own word; `last` is what became of the last delivery, and `ends` when
    it ends by itself: both "" where the system does not say.
    """

    id: str
    address: str
    events: tuple[str, ...]
    state: str
    last: str = ""
    ends: str = ""

    def leads_to(self, address: str) -> bool:
        """Whether it posts there; the scheme's and host's case does not count."""
        return spelled(self.address) == spelled(address)


@dataclass(frozen=True, slots=True)
class Ensured:
    """What `ensure` or `renew` did, and the secret that deliveries are signed with from now on."""

    done: str
    secret: str


class Subscriptions(Protocol):
    """One side's webhooks. Every method may raise what the connector's calls raise.

    Each may be called again after it failed, or after its caller died, and then does the rest.
    """

    @property
    def signed_by(self) -> SignedBy:
        """Whose secret signs deliveries."""

    def every(self) -> Iterable[Subscription]:
        """All that the account sees, whoever made them."""

    def ensure(self, address: str, name: str, secret: str, take: Take = taken) -> Ensured:
        """See that there is one, and only one, to this address, that is on and tells everything.

        `secret` is the one to sign with; a system that makes its own answers with that, and
        `take` is called before anything is signed with it.
        """

    def renew(self, address: str, name: str, secret: str, old: str, take: Take = taken) -> Ensured:
        """From now on deliveries are signed with `secret`; `old` is still taken.

        A system that makes its own may have made one that is not `old`, else makes another.
        """

    def finish(self, address: str, secret: str) -> int:
        """Take away what still signs with another secret; gives how many."""

    def remove(self, id: str) -> None:
        """Take one away. One that is gone already is no error."""


class NotAllowed(TielineError):
    """The account may not see or make webhooks. `remedy` says what it needs."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


def words_of(error: TielineError) -> str:
    """An error with the system's own words, for the operator who asked."""
    words = error.words if isinstance(error, Refused) else ""
    return f"{error}: {words}" if words else str(error)


def spelled(address: str) -> str:
    """An address in one spelling: small letters up to its path, no slash at the end."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}".lower() + parts.path.rstrip("/")
