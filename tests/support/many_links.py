"""Builds and packages a project of many links as a deployment would, without an AWS account."""

from __future__ import annotations

import json
import logging
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from moto.server import ThreadedMotoServer

from support.built import HERE, ROOT, THIS_PYTHON, sam
from tieline_ops import cloudformation
from tieline_ops.link_folder import load_all
from tieline_ops.many import making, quotas

EXPAND = """
import json, sys
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

class Policies:
    def load(self):
        return {}

for path in sys.argv[1:]:
    with open(path) as file:
        template = yaml_parse(file.read())
    print(json.dumps(transform(template, {}, Policies()), default=str))
"""
"""SAM's transform, as CloudFormation does it when a stack is made."""
BUCKET = "artifacts"


@dataclass(frozen=True)
class Made:
    """Seconds of each step, what they made, and what could not be deployed."""

    links: int
    pairs: int
    seconds: Mapping[str, float]
    packaged: quotas.Packaged
    faults: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.faults and all(use.holds for use in quotas.uses(self.packaged))


def make(folder: Path, links: int, tell: Callable[[str], None] = print) -> Made:
    """Make, compile, build, validate and package so many links in an empty folder."""
    seconds: dict[str, float] = {}

    @contextmanager
    def step(name: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        seconds[name] = time.monotonic() - begun
        tell(f"{seconds[name]:7.1f} s  {name}")

    source, target = folder / "source", folder / "build"
    source.mkdir()
    project = making.begin(ROOT, source)
    with step("tieline new"):
        pairs = making.add(project, links)
    with step("tieline compile"):
        assert making.compiled(project) == links
    runtime = f"Runtime={THIS_PYTHON} Architecture={HERE}"
    built = {"RUNTIME": THIS_PYTHON, "ARCHITECTURE": HERE}
    with step("sam build"):
        sam(
            *("build", "--build-dir", str(target), "--parameter-overrides", runtime),
            cwd=source,
            **built,
        )
    with step("sam validate --lint"):
        said = sam("validate", "--lint", "--region", "us-east-1", cwd=source)
        assert "is a valid SAM Template" in said
    with s3() as url:
        with step("sam package"):
            root = _package(folder, target, url)
        packaged = _packaged(folder, target, root, url)
    systems = {
        one.name: frozenset(side.system for side in one.link.sides.values())
        for one in load_all(project.functions)
        if one.link
    }
    found = tuple(quotas.faults(packaged, systems))
    return Made(links, len(set(pairs)), seconds, packaged, found)


@contextmanager
def s3() -> Iterator[str]:
    """An emulated S3 with a bucket, which says nothing of the requests that it gets."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        _client(url).create_bucket(Bucket=BUCKET)
        yield url
    finally:
        server.stop()


def _client(url: str) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )


def _package(folder: Path, target: Path, url: str) -> Path:
    packaged = folder / "packaged.yaml"
    given = ("--s3-bucket", BUCKET, "--output-template-file", str(packaged))
    template = ("--template-file", str(target / "template.yaml"))
    sam("package", *template, *given, cwd=folder, AWS_ENDPOINT_URL=url)
    return packaged


def _packaged(folder: Path, target: Path, path: Path, url: str) -> quotas.Packaged:
    client = _client(url)
    paths, root = {"": path}, cloudformation.read(path)
    (folder / "nested").mkdir()
    for name, stanza in cloudformation.of_type(root, quotas.NESTED).items():
        paths[name] = folder / "nested" / f"{name}.yaml"
        key = str(stanza["Location"]).split(f"/{BUCKET}/")[1]
        paths[name].write_bytes(client.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    layers = sum(quotas.unzipped(target / name) for name in ("SharedLayer", "SigningLayer"))
    functions = (target / name / "Function" for name in quotas.links(root))
    return quotas.Packaged(
        root=root,
        nested={name: cloudformation.read(one) for name, one in paths.items() if name},
        expanded=dict(zip(paths, expanded(list(paths.values())), strict=True)),
        sizes={name: one.stat().st_size for name, one in paths.items()},
        unzipped=layers + max(quotas.unzipped(one) for one in functions),
    )


def expanded(paths: list[Path]) -> list[dict[str, Any]]:
    """Templates after SAM's transform."""
    done = subprocess.run(
        [str(ROOT / ".venv-sam" / "bin" / "python"), "-c", EXPAND, *map(str, paths)],
        capture_output=True,
        text=True,
        check=False,
        env={"AWS_DEFAULT_REGION": "us-east-1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return [json.loads(line) for line in done.stdout.splitlines()]
