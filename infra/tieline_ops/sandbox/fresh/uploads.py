"""The body of a write: JSON, or a form where files come along and all else is text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from tieline_ops.sandbox.fresh.errors import fault, invalid
from tieline_ops.sandbox.fresh.http import body
from tieline_ops.sandbox.fresh.values import Rule, form_typed
from tieline_ops.sandbox.fresh.work import Upload


def parsed(
    rules: Mapping[str, Rule], most: int | None = None
) -> tuple[dict[str, Any], list[Upload]]:
    """Fields and files. Raises FreshError 400, 415."""
    if request.mimetype != "multipart/form-data":
        return body(), []
    strange = [name for name in request.files if name != "attachments[]"]
    if strange:
        words = "It should be of the form attachments[]"
        raise invalid(*(fault(name, words) for name in strange))
    files = [
        (each.filename or "", each.stream.read(), each.mimetype or "application/octet-stream")
        for each in request.files.getlist("attachments[]")
    ]
    if most is not None and sum(len(content) for _, content, _ in files) > most:
        words = f"Invalid size, should be less than {most // 1_000_000} MB"
        raise invalid(fault("attachments", words, "invalid_size"))
    given = {name: request.form.getlist(name) for name in request.form}
    return form_typed(given, rules), files
