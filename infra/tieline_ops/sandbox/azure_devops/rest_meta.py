"""What an organisation says of itself: types, fields, states, areas, people, who calls."""

from __future__ import annotations

from typing import Any

from flask import jsonify, request
from flask.typing import ResponseReturnValue

from tieline_ops.sandbox.azure_devops.content import ORGANISATION, FieldDef, TypeDef, User, guid
from tieline_ops.sandbox.azure_devops.errors import AdoError, no_type
from tieline_ops.sandbox.azure_devops.http import Asked, Routes
from tieline_ops.sandbox.azure_devops.render import area_node
from tieline_ops.sandbox.azure_devops.state import Organisation

_COLOURS = {"Proposed": "b2b2b2", "InProgress": "007acc", "Resolved": "ff9d00"}


def meta_routes(routes: Routes) -> None:
    of = routes.of
    _type_routes(routes)

    @routes.add("GET", "/wit/fields")
    def fields(asked: Asked) -> ResponseReturnValue:
        found = [_field(asked, each) for each in of.content.fields]
        return jsonify(count=len(found), value=found)

    @routes.add("GET", "/wit/classificationnodes/<group>")
    def root(asked: Asked, group: str) -> ResponseReturnValue:
        return jsonify(_area(of, asked, group, ""))

    @routes.add("GET", "/wit/classificationnodes/<group>/<path:below>")
    def node(asked: Asked, group: str, below: str) -> ResponseReturnValue:
        return jsonify(_area(of, asked, group, below.replace("/", "\\")))

    @routes.add("GET", "/connectionData", preview=True, project=False)
    @routes.add("GET", "/connectiondata", preview=True, project=False)
    def connection(asked: Asked) -> ResponseReturnValue:
        user = _identity(asked.user)
        return jsonify(
            authenticatedUser=user,
            authorizedUser=user,
            instanceId=guid("instance"),
            deploymentType="hosted",
            locationServiceData={"serviceOwner": guid("owner")},
        )

    @routes.add("GET", "/identities", project=False)
    def identities(asked: Asked) -> ResponseReturnValue:  # noqa: ARG001
        wanted = request.args.get("filterValue", "").casefold()
        if request.args.get("searchFilter") != "General" or not wanted:
            raise AdoError(400, "The search filter is not supported.", "IdentityServiceException")
        found = [_identity(u) for u in of.content.users if _begins(u, wanted)]
        return jsonify(count=len(found), value=found)


def _type_routes(routes: Routes) -> None:
    of = routes.of

    @routes.add("GET", "/wit/workitemtypes")
    def types(asked: Asked) -> ResponseReturnValue:
        found = [_type(of, asked, each) for each in of.content.types]
        return jsonify(count=len(found), value=found)

    @routes.add("GET", "/wit/workitemtypes/<name>")
    def one(asked: Asked, name: str) -> ResponseReturnValue:
        return jsonify(_type(of, asked, _named(of, asked, name)))

    @routes.add("GET", "/wit/workitemtypes/<name>/states")
    def states(asked: Asked, name: str) -> ResponseReturnValue:
        found = _states(_named(of, asked, name))
        return jsonify(count=len(found), value=found)

    @routes.add("GET", "/wit/workitemtypes/<name>/fields")
    def fields(asked: Asked, name: str) -> ResponseReturnValue:
        type = _named(of, asked, name)
        listed = request.args.get("$expand") in {"all", "allowedValues"}
        has = [each for each in of.content.fields if of.content.has(type.name, each)]
        found = [_of_type(asked, type, each, listed=listed) for each in has]
        return jsonify(count=len(found), value=found)


def _named(of: Organisation, asked: Asked, name: str) -> TypeDef:
    try:
        return of.content.type(name)
    except KeyError:
        raise no_type(name, asked.project) from None


def _states(type: TypeDef) -> list[dict[str, str]]:
    return [
        {"name": name, "color": _COLOURS.get(category, "339933"), "category": category}
        for name, category in type.states
    ]


def _type(of: Organisation, asked: Asked, type: TypeDef) -> dict[str, Any]:
    moves = {now: [{"to": to, "actions": None} for to in then] for now, then in type.moves.items()}
    has = [each for each in of.content.fields if of.content.has(type.name, each)]
    fields = [_of_type(asked, type, each, listed=False) for each in has]
    return {
        "name": type.name,
        "referenceName": f"Microsoft.VSTS.WorkItemTypes.{type.name.replace(' ', '')}",
        "description": "",
        "color": "CC293D",
        "isDisabled": False,
        "fields": fields,
        "fieldInstances": fields,
        "transitions": moves,
        "states": _states(type),
        "url": f"{asked.base}/_apis/wit/workItemTypes/{type.name}",
    }


def _of_type(asked: Asked, type: TypeDef, each: FieldDef, *, listed: bool) -> dict[str, Any]:
    found: dict[str, Any] = {
        "defaultValue": None if each.default is None else str(each.default),
        "alwaysRequired": each.required,
        "referenceName": each.ref,
        "name": each.name,
        "url": f"{asked.base}/_apis/wit/fields/{each.ref}",
    }
    if listed:
        states = [name for name, _ in type.states] if each.ref == "System.State" else None
        values = states or [str(value) for value in each.values]
        found["allowedValues"] = values
    return found


def _field(asked: Asked, each: FieldDef) -> dict[str, Any]:
    return {
        "name": each.name,
        "referenceName": each.ref,
        "type": each.type,
        "usage": "workItem",
        "readOnly": each.read_only,
        "canSortBy": each.type not in {"html", "history"},
        "isQueryable": True,
        "isIdentity": each.identity,
        "isPicklist": each.picklist,
        "isPicklistSuggested": False,
        "isDeleted": False,
        "isLocked": False,
        "url": f"{asked.base}/_apis/wit/fields/{each.ref}",
    }


def _area(of: Organisation, asked: Asked, group: str, below: str) -> dict[str, Any]:
    wanted = asked.project + (f"\\{below}" if below else "")
    for path in of.content.areas:
        if group.casefold() == "areas" and path.casefold() == wanted.casefold():
            return area_node(of.content, path, asked.base)
    message = f"VS402485: The classification node {wanted} does not exist."
    raise AdoError(404, message, "WorkItemTrackingTreeNodeNotFoundException")


def _begins(user: User, wanted: str) -> bool:
    """The search finds by the beginning of names and addresses."""
    held = (user.name, user.unique, user.mail, *user.name.split())
    return any(text.casefold().startswith(wanted) for text in held if text)


def _identity(user: User) -> dict[str, Any]:
    def text(value: str) -> dict[str, str]:
        return {"$type": "System.String", "$value": value}

    return {
        "id": user.id,
        "descriptor": f"Microsoft.IdentityModel.Claims.ClaimsIdentity;{user.unique}",
        "subjectDescriptor": f"aad.{user.id.replace('-', '')}",
        "providerDisplayName": user.name,
        "isActive": user.active,
        "isContainer": False,
        "properties": {
            "SchemaClassName": text("User"),
            "Account": text(user.unique),
            "Mail": text(user.mail or user.unique),
            "Domain": text(f"{ORGANISATION}-tenant"),
        },
    }
