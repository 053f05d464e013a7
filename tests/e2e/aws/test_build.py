from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from support.built import ROOT, THIS_PYTHON, sam

from tieline_ops import cloudformation

pytestmark = pytest.mark.built
TARGETS = [("python3.11", "x86_64"), ("python3.13", "arm64")]
MACHINES = {"arm64": b"\xb7\x00", "x86_64": b"\x3e\x00"}
LAYER_LIMIT = 30_000_000


@pytest.mark.parametrize("template", ["template.yaml", "infra/link.yaml", "infra/console.yaml"])
def test_a_template_has_no_findings_of_sam_or_cfn_lint(template: str) -> None:
    said = sam("validate", "--lint", "--region", "us-east-1", "-t", template)
    assert "is a valid SAM Template" in said


@pytest.mark.parametrize(("runtime", "architecture"), TARGETS)
def test_the_layer_is_built_for_the_runtime_and_the_machine_that_are_asked_for(
    builder: Callable[[str, str], Path], runtime: str, architecture: str
) -> None:
    layer = builder(runtime, architecture) / "SharedLayer" / "python"
    compiled = list(layer.rglob("*.so"))
    assert len(compiled) >= 3
    for library in compiled:
        # e_machine of the ELF header.
        assert library.read_bytes()[18:20] == MACHINES[architecture], library.name
        tag = re.search(r"cpython-3(\d+)", library.name)
        assert tag is None or f"python3.{tag[1]}" == runtime, library.name


@pytest.mark.parametrize(("runtime", "architecture"), TARGETS)
def test_the_layer_stays_under_30_megabytes_and_leaves_out_what_lambda_brings(
    builder: Callable[[str, str], Path], runtime: str, architecture: str
) -> None:
    layer = builder(runtime, architecture) / "SharedLayer" / "python"
    size = sum(file.stat().st_size for file in layer.rglob("*") if file.is_file())
    assert 5_000_000 < size < LAYER_LIMIT
    held = {path.name for path in layer.iterdir()}
    assert {"tieline", "requests", "pydantic", "aws_lambda_powertools"} <= held
    assert not held & {"boto3", "botocore", "jmespath", "dateutil", "s3transfer", "tieline_ops"}


POLICIES = {"AWS::IAM::Role", "AWS::Lambda::Permission", "AWS::SQS::QueuePolicy"}


def policies(path: Path) -> dict[str, object]:
    resources = cloudformation.read(path)["Resources"]
    return {name: r["Properties"] for name, r in resources.items() if r["Type"] in POLICIES}


def test_what_is_built_may_do_what_the_templates_say_and_no_more(built: Path) -> None:
    written = {name: policies(ROOT / name) for name in ("template.yaml", "infra/link.yaml")}
    assert len(written["infra/link.yaml"]) >= 4
    assert policies(built / "template.yaml") == written["template.yaml"]
    nested = [path for path in built.glob("*/template.yaml") if path.parent != built]
    found = [policy for path in nested if (policy := policies(path))]
    assert found
    assert all(policy == written["infra/link.yaml"] for policy in found)


def test_the_layer_holds_compiled_code_that_is_not_compared_with_its_source(built: Path) -> None:
    layer = built / "SharedLayer" / "python"
    entry = next((layer / "tieline" / "runtime" / "__pycache__").glob("entry.*.pyc"))
    # PEP 552: bit 0 says that a hash takes the place of the time, bit 1 that it is checked.
    assert int.from_bytes(entry.read_bytes()[4:8], "little") == 0b01
    sources = [p for p in layer.rglob("*.py") if p.parent.name != "__pycache__"]
    missing = [
        p
        for p in sources
        if not list(p.parent.glob(f"__pycache__/{p.stem}.cpython-3{THIS_PYTHON[8:]}.pyc"))
    ]
    assert not missing


def test_a_built_function_holds_its_handler_and_its_compiled_link(built: Path) -> None:
    held = {path.name for path in (built / "JiraServicenow" / "Function").iterdir()}
    assert {"app.py", "link.json"} <= held


@pytest.fixture
def s3() -> Iterator[str]:
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        yield f"http://{host}:{port}"
    finally:
        server.stop()


def test_a_packaged_template_names_nothing_that_is_only_on_this_machine(
    built: Path, tmp_path: Path, s3: str
) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=s3,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    client.create_bucket(Bucket="artifacts")
    packaged = tmp_path / "packaged.yaml"
    sam(
        "package",
        "--template-file",
        str(built / "template.yaml"),
        "--s3-bucket",
        "artifacts",
        "--output-template-file",
        str(packaged),
        cwd=tmp_path,
        AWS_ENDPOINT_URL=s3,
    )
    root = cloudformation.read(packaged)
    templates = [root]
    for nested in cloudformation.of_type(root, "AWS::Serverless::Application").values():
        key = nested["Location"].split("/artifacts/")[1]
        body = client.get_object(Bucket="artifacts", Key=key)["Body"].read()
        (tmp_path / "nested.yaml").write_bytes(body)
        templates.append(cloudformation.read(tmp_path / "nested.yaml"))
    assert len(templates) == 1 + len(list((ROOT / "functions").glob("*/link.yaml")))
    for template in templates:
        for name, resource in template["Resources"].items():
            told = resource.get("Properties", {})
            for key in ("CodeUri", "ContentUri"):
                assert str(told.get(key, "s3://")).startswith("s3://"), (name, told[key])
            if resource["Type"] == "AWS::Serverless::Application":
                assert re.match(r"https?://", told["Location"]), name
        local = [t for t in cloudformation.strings(template["Resources"]) if str(tmp_path) in t]
        assert not local
        paths = re.compile(r"^(\.{1,2}/|functions/|shared|infra/)")
        assert not [t for t in cloudformation.strings(template["Resources"]) if paths.match(t)]
