"""A link's function: a few processes that run its handler, one event at a time each."""

from __future__ import annotations

import os
import queue
import subprocess
import sys
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

import requests

INVOCATIONS = "/2015-03-31/functions/function/invocations"


class FunctionError(Exception):
    """The handler raised, or ran out of time. The text is the error's type."""


class Function(Protocol):
    """What gateway, pollers and schedules call."""

    def invoke(self, event: Mapping[str, Any]) -> Any:
        """The handler's answer. Raises FunctionError."""


class Endpoint:
    """A function behind a URL that speaks as AWS's runtime emulator does."""

    def __init__(self, url: str, timeout: timedelta) -> None:
        self._url = url + INVOCATIONS
        self._seconds = timeout.total_seconds()

    def invoke(self, event: Mapping[str, Any]) -> Any:
        try:
            answer = requests.post(self._url, json=event, timeout=self._seconds + 1)
        except requests.Timeout:
            raise FunctionError("Sandbox.Timedout") from None
        except requests.RequestException as error:
            raise FunctionError(type(error).__name__) from None
        body = answer.json()
        if "X-Amz-Function-Error" in answer.headers or (
            isinstance(body, dict) and body.keys() >= {"errorMessage", "errorType"}
        ):
            raise FunctionError(str(body.get("errorType")))
        return body


class Pool:
    """`size` processes of one link. A process that runs out of time is ended and replaced."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        timeout: timedelta,
        size: int,
        log: Path,
    ) -> None:
        self._folder = folder
        self._environment = {**os.environ, **environment}
        self._timeout = timeout
        self._log = log.open("ab")
        self._free: queue.LifoQueue[_Process] = queue.LifoQueue()
        self._all = [self._start() for _ in range(size)]
        for process in self._all:
            self._free.put(process)

    def invoke(self, event: Mapping[str, Any]) -> Any:
        process = self._free.get()
        try:
            return process.endpoint.invoke(event)
        except FunctionError as error:
            if str(error) == "Sandbox.Timedout" or process.ended:
                process.close()
                self._all.remove(process)
                process = self._start()
                self._all.append(process)
            raise
        finally:
            self._free.put(process)

    def close(self) -> None:
        for process in self._all:
            process.close()
        self._log.close()

    def _start(self) -> _Process:
        return _Process(self._folder, self._environment, self._timeout, self._log)


class _Process:
    def __init__(
        self, folder: Path, environment: Mapping[str, str], timeout: timedelta, log: Any
    ) -> None:
        seconds = str(timeout.total_seconds())
        command = [sys.executable, "-m", "tieline_ops.local.function_runner", str(folder), seconds]
        self._process = subprocess.Popen(
            command,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        self._log = log
        self._timeout = timeout
        self._url = ""

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens; waits for it at the first call."""
        if not self._url:
            assert self._process.stdout is not None
            self._url = f"http://127.0.0.1:{self._process.stdout.readline().strip()}"
            # What the handler logs goes on to the log, and must not fill the pipe.
            _drain(self._process.stdout, self._log)
        return Endpoint(self._url, self._timeout)

    @property
    def ended(self) -> bool:
        return self._process.poll() is not None

    def close(self) -> None:
        self._process.kill()
        self._process.wait()


def _drain(source: Any, target: Any) -> None:
    from threading import Thread  # noqa: PLC0415

    def copy() -> None:
        for line in source:
            if not target.closed:
                target.write(line.encode())
                target.flush()

    Thread(target=copy, daemon=True).start()
