"""Tags as an organisation keeps them: one text, told apart without their case."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tieline_ops.sandbox.azure_devops.errors import AdoError

_REFUSED = re.compile(r"[\U00010000-\U0010ffff\ufe0f]")
MOST = 100
LENGTH = 400


def split(text: str) -> list[str]:
    """The tags of a text: both `;` and `,` part them."""
    return [tag for part in re.split("[;,]", text) if (tag := part.strip())]


class Tags:
    """The tags that an organisation knows; a name keeps the case in which it first came."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def normal(self, tags: Iterable[str]) -> str:
        """What `System.Tags` holds then, in alphabetic order. Raises AdoError."""
        found: dict[str, str] = {}
        for tag in tags:
            if _REFUSED.search(tag) or len(tag) > LENGTH:
                message = f"TF401407: The tag name '{tag}' is invalid."
                raise AdoError(400, message, "InvalidTagNameException")
            found[tag.casefold()] = self._known.setdefault(tag.casefold(), tag)
        if len(found) > MOST:
            raise AdoError(400, "VS403654: Too many tags.", "TooManyTagsException")
        return "; ".join(found[key] for key in sorted(found))
