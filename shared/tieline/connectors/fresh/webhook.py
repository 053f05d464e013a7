"""What an automation rule's webhook proves and says. Pure.

Its body is ours: an administrator pastes it into the rule (see the systems' pages). There is no
signature, no name of the delivery and no moment that could be trusted: a secret in a header of
ours is all the proof there is. What was seen by another who knows the secret may be sent again;
it makes Tieline read the ticket, and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tieline.connectors.base import Hint
from tieline.connectors.webhook_body import matched
from tieline.domain.errors import Malformed

SECRET = "x-tieline-secret"  # noqa: S105 - a header's name
_ID = re.compile(r"[1-9][0-9]{0,17}")


def given(headers: Mapping[str, str]) -> str:
    """What a webhook bears as its proof."""
    return headers.get(SECRET, "").strip()


def hint_of(system: str, id: object, event: object) -> Hint:
    """The ticket that a rule tells of. Placeholders may come as numbers or as text.

    Raises Malformed for what is no id: such a placeholder was not replaced.
    """
    try:
        return Hint(id=matched(_ID, id), deleted=event == "deleted")
    except ValueError:
        raise Malformed(f"{system} webhook: it names no ticket's id") from None
