"""Puts together what the deployed console runs, and finds what it must have rights on.

python -m tieline_ops.console.packing pack FOLDER RUNTIME ARCHITECTURE
python -m tieline_ops.console.packing rights
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tieline_ops.link_folder import folders
from tieline_ops.running import function_name

LEFT_OUT = ("__pycache__", "sandbox", "local", "demo_steps", "backlog", "*.pyc")
"""Of the operator's side: what only a developer's machine has use for."""
BROUGHT = ("botocore==", "jmespath==", "python-dateutil==", "six==", "boto3==")
"""The Lambda runtime has boto3 with these."""
MACHINES = {"arm64": "aarch64", "x86_64": "x86_64"}


def pack(root: Path, target: Path, runtime: str, architecture: str) -> None:
    """Fill `target`, anew: the code, what it needs, and the links' folders."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    install(root, target, runtime.removeprefix("python"), MACHINES[architecture])
    ignored = shutil.ignore_patterns(*LEFT_OUT)
    shutil.copytree(root / "shared" / "tieline", target / "tieline", ignore=ignored)
    shutil.copytree(root / "infra" / "tieline_ops", target / "tieline_ops", ignore=ignored)
    for folder in folders(root / "functions"):
        shutil.copytree(folder, target / "functions" / folder.name, ignore=ignored)


def install(root: Path, target: Path, version: str, machine: str) -> None:
    """The pinned packages, built for Lambda's machines."""
    lists = (root / "shared" / "requirements.txt", root / "requirements" / "console.txt")
    lines = [line for each in lists for line in each.read_text("utf-8").splitlines()]
    wanted = sorted({line for line in lines if line and not line.startswith(BROUGHT)})
    # Python 3.11 runs on Amazon Linux 2 (glibc 2.26), newer ones on Amazon Linux 2023 (2.34).
    libc = "manylinux2014" if version == "3.11" else "manylinux_2_28"
    command = [os.environ.get("UV", "uv"), "pip", "install", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--python-version", version]
    command += ["--python-platform", f"{machine}-{libc}", "--target", str(target), *wanted]
    subprocess.run(command, check=True)


def rights(root: Path) -> str:
    """The template's parameters that name the deployed links' functions and queues.

    Raises SystemExit if no link is deployed.
    """
    import boto3  # noqa: PLC0415 - slow to import

    client = boto3.client("lambda")
    found = []
    for folder in folders(root / "functions"):
        try:
            answer = client.get_function_configuration(FunctionName=function_name(folder.name))
        except client.exceptions.ResourceNotFoundException:
            continue
        found.append(answer["FunctionArn"])
    if not found:
        sys.exit("none of the links is deployed: `make deploy` comes first")
    queues = [arn.replace(":lambda:", ":sqs:").replace(":function:", ":") for arn in found]
    named = {
        "Functions": found,
        "Queues": [f"{arn}.fifo" for arn in queues],
        "DeadLetters": [f"{arn}-dead.fifo" for arn in queues],
    }
    return " ".join(f"{name}={','.join(arns)}" for name, arns in named.items())


if __name__ == "__main__":
    if sys.argv[1] == "pack":
        pack(Path.cwd(), Path(sys.argv[2]), sys.argv[3], sys.argv[4])
    else:
        print(rights(Path.cwd()))
