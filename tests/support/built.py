"""What `make build` does, in a folder of its own, so that tests run what would be deployed."""

from __future__ import annotations

import fcntl
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

from tieline_ops.lambda_emulator import BuiltFunction
from tieline_ops.link_folder import compile_all

ROOT = Path(__file__).parents[2]
SAM = ROOT / ".venv-sam" / "bin" / "sam"
HERE = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
THIS_PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"


def sam(*arguments: str, cwd: Path = ROOT, **environment: str) -> str:
    """What sam says; fails with it if sam does."""
    assert SAM.exists(), "aws-sam-cli is not installed; run `make sam`"
    given = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/tmp"),
        "SAM_CLI_TELEMETRY": "0",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "UV": str(ROOT / ".venv" / "bin" / "uv"),
        **{name: os.environ[name] for name in os.environ if name.startswith(("UV_", "SSL_"))},
        **environment,
    }
    done = subprocess.run(
        [str(SAM), *arguments], cwd=cwd, env=given, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def build(folder: Path, runtime: str = THIS_PYTHON, architecture: str = HERE) -> Path:
    """Copy what is deployed into `folder`, and build it there; gives the build's folder."""
    source, target = folder / "source", folder / "build"
    source.mkdir(parents=True)
    for name in ("template.yaml", "samconfig.toml"):
        shutil.copy(ROOT / name, source)
    for name in ("functions", "shared"):
        litter = shutil.ignore_patterns("__pycache__", "link.json")
        shutil.copytree(ROOT / name, source / name, ignore=litter)
    (source / "infra").mkdir()
    for nested in (ROOT / "infra").glob("*.yaml"):
        shutil.copy(nested, source / "infra")
    faults = [str(f) for link in compile_all(source / "functions") for f in link.faults]
    assert not faults, faults
    sam(
        "build",
        "--build-dir",
        str(target),
        "--parameter-overrides",
        f"Runtime={runtime} Architecture={architecture}",
        cwd=source,
        RUNTIME=runtime,
        ARCHITECTURE=architecture,
    )
    return target


def build_once(base: Path, runtime: str, architecture: str) -> Path:
    """One build for all processes that share `base`."""
    folder = base / f"built-{runtime}-{architecture}"
    done = base / f"{folder.name}.done"
    with (base / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            build(folder, runtime, architecture)
            done.touch()
    return folder / "build"


def function(built: Path, stanza: str = "JiraServicenow") -> BuiltFunction:
    """A link's function in a build, by its stanza's name in template.yaml."""
    return BuiltFunction(built / stanza / "Function", built / "SharedLayer")
