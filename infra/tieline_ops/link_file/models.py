"""The shape of link.yaml. Everything in it is text; what it means is worked out in `compiling`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Words = Annotated[list[str], BeforeValidator(_listed)]
"""A list of texts; one text alone is a list of one."""


class SideModel(_Strict):
    """One place in a system."""

    system: str
    url: str
    scope: dict[str, str] = {}


class TestModel(_Strict):
    """A condition: a text (equals), a list (any of), or a mapping with some of these keys."""

    equals: Words | None = None
    not_: Words | None = Field(default=None, alias="not")
    has: Words | None = None
    matches: str | None = None
    before: str | None = None
    after: str | None = None
    empty: bool | None = None

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, value: Any) -> Any:
        return {"equals": value} if isinstance(value, str | list) else value


class BirthModel(_Strict):
    """Which tickets of a side get a twin."""

    from_: str = Field(alias="from")
    when: dict[str, TestModel] = {}


class RuleModel(BaseModel):
    """One line under `fields`; keys that are not named here must be the names of sides."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)
    __pydantic_extra__: dict[str, str] = Field(init=False)

    flow: str | None = None
    values: dict[str, str] = {}
    otherwise: dict[str, str] = {}
    with_: dict[str, dict[str, dict[str, str]]] = Field(default={}, alias="with")
    template: str | None = None
    conflicts: str | None = None


class CommentsModel(_Strict):
    """What becomes of comments."""

    flow: str | None = None
    as_: str = Field(default="{author}: {body}", alias="as")
    internal: str | None = None


class AttachmentsModel(_Strict):
    """What becomes of files."""

    flow: str | None = None
    max_mb: Annotated[float, Field(gt=0, le=1024)] = 20


class BrakeModel(_Strict):
    """How much is too much."""

    writes: str = "500 per hour"
    deletes: str = "5 per hour"


class LinkModel(_Strict):
    """The whole file."""

    title: str = ""
    sides: dict[str, SideModel]
    create: list[BirthModel] = []
    fields: list[RuleModel]
    comments: CommentsModel | None = None
    attachments: AttachmentsModel | None = None
    defaults: dict[str, dict[str, str]] = {}
    initial: str = "fill empty"
    conflicts: str = "newest"
    on_delete: Literal["keep", "close", "unlink"] = "keep"
    on_leave: Literal["keep", "unlink"] = "keep"
    mode: Literal["live", "plan"] = "live"
    brake: BrakeModel = BrakeModel()
    chain: bool = False


RULE_KEYS = ("flow", "values", "otherwise", "with", "template", "conflicts")
