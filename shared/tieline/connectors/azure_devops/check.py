"""What `tieline check --live` asks of an organisation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from tieline.connectors.azure_devops.api import Api
from tieline.connectors.azure_devops.schema import Schema
from tieline.connectors.base import Finding
from tieline.domain.errors import Configuration, Gone, TielineError
from tieline.domain.ticket import Person

ROOT = "/{project}/_apis/wit/classificationnodes/areas"
_PAGE = "see docs/connectors/azure-devops.md"
_HOOKS = "/_apis/hooks/subscriptions"
_REPRO = "Microsoft.VSTS.TCM.ReproSteps"


def placed(api: Api, scope: Mapping[str, str]) -> None:
    """Whether project and area are there under the names that the scope has.

    The root of a project's areas has the project's present name, an old one may still lead to it.
    Raises Configuration.
    """
    project, area = scope["project"], scope.get("area", "")
    below = area.replace("\\", "/").partition("/")[2]
    path = ROOT + "".join(f"/{{p{n}}}" for n, _ in enumerate(below.split("/") if below else ()))
    parts = {f"p{n}": name for n, name in enumerate(below.split("/") if below else ())}
    try:
        root = api.json("GET", ROOT, parts={"project": project})
        if below:
            api.json("GET", path, parts={"project": project, **parts})
    except Gone:
        raise Configuration(
            f"azure-devops: project {project!r}{f' or its area {area!r}' if area else ''} is not "
            "there or not to be seen"
        ) from None
    name = str(root.get("name", project))
    if name.casefold() != project.casefold():
        raise Configuration(f"azure-devops: project {project!r} has another name now: {name!r}")


def findings(
    api: Api,
    schema: Schema,
    scope: Mapping[str, str],
    whoami: Callable[[], Person],
    find_person: Callable[[str], Person | None],
) -> Iterator[Finding]:
    """Account, project, type, states, our field, people, service hooks."""
    try:
        me = whoami()
        yield Finding(True, f"signed in as {me.name}")
        placed(api, scope)
        yield Finding(True, f"project {scope['project']} is seen")
        states = schema.states()
        lists = schema.lists()
    except TielineError as error:
        yield Finding(False, str(error), f"{_PAGE}, The account")
        return
    yield Finding(bool(states), f"{scope['type']}: {', '.join(states) or 'no states are seen'}")
    if _REPRO in lists and scope["type"].casefold() == "bug":
        remedy = f"name {_REPRO} in link.yaml if people shall see the text on the form"
        yield Finding(True, "forms of bugs show Repro Steps in place of Description", remedy)
    own = scope.get("correlation_field", "")
    if own:
        ok = schema.field(own) is not None
        remedy = "" if ok else f"add a text field {own} to {scope['type']} in the process"
        yield Finding(ok, f"correlations are kept in {own}", remedy)
    yield _people(find_person, me)
    yield _hooks(api)


def _people(find_person: Callable[[str], Person | None], me: Person) -> Finding:
    """Whether anybody is found by address: we ourselves, if we have one."""
    try:
        find_person(me.email or "nobody@example.invalid")
    except TielineError as error:
        return Finding(False, str(error), f"{_PAGE}, The account")
    return Finding(True, "people are looked up")


def _hooks(api: Api) -> Finding:
    """Subscriptions end by themselves: after a 410, after long failure, with their maker."""
    params = {"publisherId": "tfs", "consumerId": "webHooks"}
    try:
        found = api.json("GET", _HOOKS, params=params)["value"]
    except TielineError as error:
        return Finding(True, f"service hooks are not shown to this account: {error}")
    mine = [s for s in found if str(s.get("eventType", "")).startswith("workitem.")]
    ill = [f"{s['eventType']} is {s.get('status')}" for s in mine if s.get("status") != "enabled"]
    if ill:
        remedy = "enable them again under Project settings > Service hooks"
        return Finding(False, f"service hooks: {', '.join(ill)}", remedy)
    if not mine:
        remedy = f"{_PAGE}, Service hooks; until then changes are seen by the poll alone"
        return Finding(True, "no service hook for work items is set up", remedy)
    return Finding(True, f"{len(mine)} service hooks for work items are enabled")
