"""A built function, run without Docker by the emulator that AWS ships inside aws-sam-cli.

What runs is AWS's Runtime Interface Emulator, AWS's Python runtime client (awslambdaric) and the
files that `sam build` made; so a missing file, a wheel for another interpreter or a wrong handler
fails here as it would in Lambda. Not emulated: IAM, the read-only file system, the processor share.
"""

from __future__ import annotations

import http.client
import json
import os
import platform
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Any, Self

from tieline_ops.local.functions import INVOCATIONS, FunctionError

READY_WITHIN = 20.0
_INIT = re.compile(r"INIT REPORT\(durationMs: ([0-9.]+)\)")


@dataclass(frozen=True, slots=True)
class BuiltFunction:
    """Where `sam build` put a link's function, and the layer that it needs."""

    folder: Path
    layer: Path
    handler: str = "app.handler"


@dataclass(frozen=True, slots=True)
class Tools:
    """The emulator's binary, and a Python that has requirements/rie.txt."""

    emulator: Path
    python: Path

    @classmethod
    def of(cls, root: Path) -> Tools:
        """Those that `make sam` installs in the project's folder. Raises FileNotFoundError."""
        machine = "arm64" if platform.machine() in {"arm64", "aarch64"} else "x86_64"
        rapid = f".venv-sam/lib/*/site-packages/samcli/local/rapid/aws-lambda-rie-{machine}"
        found = sorted(root.absolute().glob(rapid))
        python = root.absolute() / ".venv-rie" / "bin" / "python"
        if not found or not python.exists():
            raise FileNotFoundError("the emulator is not installed; run `make sam`")
        return cls(found[0], python)


class LambdaEmulator:
    """One function's process. As one of Lambda's own, it takes one event at a time; others wait."""

    def __init__(
        self,
        function: BuiltFunction,
        tools: Tools,
        environment: Mapping[str, str],
        *,
        name: str = "function",
        timeout: int = 60,
        memory: int = 256,
    ) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="tieline-rie-")
        self._log = Path(self._home.name, "log")
        bootstrap = Path(self._home.name, "bootstrap")
        bootstrap.write_text(f'#!/bin/sh\nexec "{tools.python}" -m awslambdaric "$1"\n')
        bootstrap.chmod(0o700)
        invoke_port, runtime_port = _free_ports()
        self.url = f"http://127.0.0.1:{invoke_port}{INVOCATIONS}"
        command = [
            str(tools.emulator),
            "--runtime-interface-emulator-address",
            f"127.0.0.1:{invoke_port}",
            "--runtime-api-address",
            f"127.0.0.1:{runtime_port}",
            str(bootstrap),
            function.handler,
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=function.folder,
                env=_environment(function, environment, name, timeout, memory),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._timeout = timeout
        self._busy = Lock()
        _wait_for(invoke_port, self._process)

    @property
    def log(self) -> str:
        """What the emulator and the function have written so far."""
        return self._log.read_text("utf-8", "replace")

    @property
    def init_ms(self) -> float | None:
        """Milliseconds from the process's start until the handler's module was loaded."""
        found = _INIT.search(self.log)
        return float(found[1]) if found else None

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """The function's answer to an event. Raises FunctionError, whose notes hold the log."""
        body = json.dumps(event).encode()
        request = urllib.request.Request(self.url, body, method="POST")  # noqa: S310 - our own
        try:
            # The emulator ends a connection that comes while it is busy.
            with (
                self._busy,
                urllib.request.urlopen(request, timeout=self._timeout + 10) as reply,  # noqa: S310
            ):
                text = reply.read().decode()
        except urllib.error.HTTPError as error:
            text = error.read().decode()
        except (urllib.error.URLError, http.client.HTTPException) as error:
            text = type(error).__name__
        try:
            answer = json.loads(text)
        except ValueError:
            raise self._failed(text.strip() or "NoAnswer") from None
        if isinstance(answer, dict) and "errorType" in answer:
            raise self._failed(str(answer["errorType"]))
        return answer

    def _failed(self, kind: str) -> FunctionError:
        error = FunctionError(kind)
        error.add_note(self.log[-4000:])
        return error

    def close(self) -> None:
        """End the function's process and the emulator."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self._process.pid, signal.SIGKILL)
                self._process.wait(5)
        self._home.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _environment(
    function: BuiltFunction, given: Mapping[str, str], name: str, timeout: int, memory: int
) -> dict[str, str]:
    """Nothing of the caller's own environment reaches the function, as in Lambda."""
    return {
        "PATH": os.environ["PATH"],
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        "HOME": "/tmp",  # noqa: S108 - Lambda's own
        "PYTHONPATH": str(function.layer / "python"),
        "PYTHONUNBUFFERED": "1",
        "LAMBDA_TASK_ROOT": str(function.folder),
        "_HANDLER": function.handler,
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_TIMEOUT": str(timeout),
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(memory),
        "AWS_LAMBDA_LOG_FORMAT": "JSON",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        **given,
    }


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1]), int(two.getsockname()[1])


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.005)
    raise TimeoutError("the Lambda emulator did not start")
