"""The part of AWS that a link stores things in: DynamoDB, SQS and Secrets Manager, emulated."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any, Literal, Self

import boto3
import botocore.session
import requests
from botocore.config import Config

from tieline_ops.local.processes import START, surroundings

REGION = "us-east-1"
ACCESS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local"}
START_SECONDS = 60.0
Kind = Literal["ministack", "moto"]


class Emulator:
    """An emulator in a process of its own, at `url` until `close()`. Its state is gone then."""

    def __init__(
        self, command: list[str], environment: dict[str, str], port: int, log: Path
    ) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._log: IO[bytes] = log.open("ab")
        self._process = subprocess.Popen(
            command,
            env=surroundings(environment),
            stdout=self._log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.PIPE,
        )
        self._wait(log)

    @property
    def pid(self) -> int:
        """The process's id, as the machine counts it."""
        return self._process.pid

    @property
    def environment(self) -> dict[str, str]:
        """What a process needs to take this for AWS."""
        return {**ACCESS, "AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": REGION}

    def client(self, service: str) -> Any:
        """boto3's client for a service, pointed at this emulator."""
        return client(self.url, service)

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._log.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait(self, log: Path) -> None:
        """Until it answers. Raises RuntimeError with where to look if it does not."""
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until and self._process.poll() is None:
            try:
                requests.get(self.url, timeout=1)
            except requests.RequestException:
                time.sleep(0.1)
            else:
                return
        self.close()
        raise RuntimeError(f"the AWS emulator did not start; see {log}")


def client(url: str, service: str) -> Any:
    """boto3's client for a service that is emulated at `url`, whatever account is configured."""
    # As if AWS_PROFILE and ~/.aws were not there: a profile may be missing, or name endpoints.
    nowhere = {"profile": (None, None, None, None), "config_file": (None, None, os.devnull, None)}
    session = boto3.Session(botocore_session=botocore.session.Session(session_vars=nowhere))
    return session.client(
        service,  # type: ignore[call-overload]
        endpoint_url=url,
        region_name=REGION,
        aws_access_key_id="local",
        aws_secret_access_key="local",  # noqa: S106 - opens nothing
        config=Config(retries={"max_attempts": 2}, max_pool_connections=50),
    )


def start(kind: Kind, root: Path, log: Path) -> Emulator:
    """Start an emulator on a free port. Raises RuntimeError if it does not start."""
    port = free_port()
    if kind == "moto":
        moto = [sys.executable, *START, "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        return Emulator(moto, {}, port, log)
    environment = {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
    }
    python = root / ".venv-emulator" / "bin" / "python"
    return Emulator([str(python), *START, "ministack"], environment, port, log)


def free_port() -> int:
    """A port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
