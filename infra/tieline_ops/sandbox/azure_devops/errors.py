"""Azure DevOps's errors, in its words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tieline_ops.sandbox.azure_devops.content import FieldDef


class AdoError(Exception):
    """A failure with its envelope."""

    def __init__(
        self,
        status: int,
        message: str,
        key: str,
        custom: Mapping[str, Any] | None = None,
        *,
        code: int = 0,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.body: dict[str, Any] = {"$id": "1"}
        if custom:
            self.body["customProperties"] = dict(custom)
        self.body |= {
            "innerException": None,
            "message": message,
            "typeName": f"Microsoft.TeamFoundation.WorkItemTracking.Server.{key}",
            "typeKey": key,
            "errorCode": code,
            "eventId": 3200,
        }


def no_item(id: object) -> AdoError:
    message = f"TF401232: Work item {id} does not exist, or you do not have permissions to read it."
    return AdoError(404, message, "WorkItemUnauthorizedAccessException")


def no_project(name: str) -> AdoError:
    message = (
        f"TF200016: The following project does not exist: {name}. Verify that the name of the "
        "project is correct and that the project exists on the specified Azure DevOps Server."
    )
    return AdoError(404, message, "ProjectDoesNotExistWithNameException")


def no_type(name: str, project: str) -> AdoError:
    message = (
        f"VS402323: Work item type {name} does not exist in project {project} or you do not have "
        "permission to access it."
    )
    return AdoError(404, message, "WorkItemTypeNotFoundException")


def no_field(name: str) -> AdoError:
    message = f"TF51535: Cannot find field {name}."
    return AdoError(400, message, "WorkItemTrackingFieldDefinitionNotFoundException")


def stale(now: int, tested: object) -> AdoError:
    message = (
        f"VS403351: Test Operation for path /rev failed, value {now} was not equal to test value "
        f"{tested}."
    )
    return AdoError(412, message, "TestPatchOperationFailedException")


def bad_patch(message: str) -> AdoError:
    return AdoError(400, message, "VssPropertyValidationException")


def rule(label: str, ref: str, flags: str) -> AdoError:
    return _broken([_error(label, ref, flags)])


def required(fields: Iterable[FieldDef]) -> AdoError:
    """What must be filled: the words name the first field, the errors all of them."""
    return _broken(
        [
            _error(
                each.name,
                each.ref,
                "Required, HasValues, LimitedToValues, InvalidEmpty"
                if each.values
                else "Required, InvalidEmpty",
            )
            for each in fields
        ]
    )


def _error(label: str, ref: str, flags: str) -> dict[str, Any]:
    message = f"TF401320: Rule Error for field {label}. Error code: {flags}."
    words = (f"{flag[:1].lower()}{flag[1:]}" for flag in flags.split(", "))
    return {
        "fieldReferenceName": ref,
        "fieldStatusFlags": ", ".join(words),
        "errorMessage": message,
        "ruleValidationErrors": None,
    }


def _broken(errors: list[dict[str, Any]]) -> AdoError:
    message, more = str(errors[0]["errorMessage"]), len(errors) - 1
    if more:
        count = "One additional error" if more == 1 else f"{more} additional errors"
        message += (
            f" {count} occurred during validation of the work item. Please correct all errors and "
            "try again."
        )
    custom = {
        "FieldReferenceName": None,
        "FieldStatusFlags": "none",
        "ErrorMessage": message,
        "RuleValidationErrors": errors,
    }
    return AdoError(400, message, "RuleValidationException", custom)


def not_in_list(label: str, ref: str, value: object) -> AdoError:
    message = (
        f"The field '{label}' contains the value '{value}' that is not in the list of supported "
        "values"
    )
    errors = [
        {
            "fieldReferenceName": ref,
            "fieldStatusFlags": "hasValues, limitedToValues, invalidListValue",
            "errorMessage": message,
        }
    ]
    return AdoError(400, message, "RuleValidationException", {"RuleValidationErrors": errors})


def unknown_identity(label: str, ref: str, value: object) -> AdoError:
    message = f"The identity value '{value}' for field '{label}' is an unknown identity."
    custom = {"ReferenceName": ref}
    return AdoError(400, message, "WorkItemFieldInvalidException", custom, code=600171)


def no_version(method: str) -> AdoError:
    message = (
        f'No api-version was supplied for the "{method}" request. The version must be supplied '
        'either as part of the Accept header (e.g. "application/json; api-version=1.0") or as a '
        'query parameter (e.g. "?api-version=1.0").'
    )
    return AdoError(400, message, "VssVersionNotSpecifiedException")


def preview_only(version: str) -> AdoError:
    message = (
        f'The requested version "{version}" of the resource is under preview. The -preview flag '
        "must be supplied in the api-version for such requests. For example: "
        f'"{version}-preview"'
    )
    return AdoError(400, message, "VssInvalidPreviewVersionException")


def version_too_new(version: str, latest: str) -> AdoError:
    message = (
        f"The requested REST API version of {version} is out of range for this server. The latest "
        f"REST API version this server supports is {latest}."
    )
    return AdoError(400, message, "VssVersionOutOfRangeException")


def too_many(ids: Iterable[object]) -> AdoError:
    count = len(list(ids))
    message = f"VS403474: You requested {count} work items which exceeds the limit of 200"
    return AdoError(400, message, "WorkItemBatchGetRequestLimitException")


def query_fault(message: str) -> AdoError:
    return AdoError(400, message, "WorkItemTrackingQueryException")
