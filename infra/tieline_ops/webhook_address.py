"""Where a link's webhooks go: the local gateway, or what the deployed stack says."""

from __future__ import annotations

from tieline_ops.apis import api_of, output_of
from tieline_ops.running import Running
from tieline_ops.trouble import Trouble


def base_of(local: Running | None, stack: str, stanza: str) -> str:
    """The address before `/<link>/<side>`, by the link's stanza. Raises Trouble."""
    if local is not None:
        return local.gateway
    import boto3  # noqa: PLC0415 - slow to import
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415

    try:
        stacks = boto3.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        outputs = {one["OutputKey"]: one["OutputValue"] for one in stacks[0]["Outputs"]}
        return str(outputs[output_of(api_of(stanza))])
    except (BotoCoreError, ClientError, LookupError) as error:
        what = f"the stack {stack!r} does not say where webhooks go ({type(error).__name__})"
        raise Trouble(what, "deploy it first, or give --endpoint") from None
