"""A link's function: a few processes that run its handler, one event at a time each."""

from __future__ import annotations

import queue
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock, Thread
from typing import IO, Any, Protocol

import requests

from tieline.runtime.entry import kind_of
from tieline_ops.local.processes import START, surroundings

INVOCATIONS = "/2015-03-31/functions/function/invocations"
TIMED_OUT = "Sandbox.Timedout"
EXITED = "Runtime.ExitError"


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
            raise FunctionError(TIMED_OUT) from None
        except requests.RequestException:
            raise FunctionError(EXITED) from None
        body = answer.json()
        if "X-Amz-Function-Error" in answer.headers or (
            isinstance(body, dict) and body.keys() >= {"errorMessage", "errorType"}
        ):
            raise FunctionError(str(body.get("errorType")))
        return body


@dataclass
class Usage:
    """Invocations by what they were for, the messages of batches, the time of both in seconds."""

    webhooks: int = 0
    batches: int = 0
    messages: int = 0
    polls: int = 0
    asked: int = 0
    seconds: float = 0.0

    def count(self, event: Mapping[str, Any], seconds: float) -> None:
        """One invocation more."""
        match kind_of(event):
            case "webhook":
                self.webhooks += 1
                self.seconds += seconds
            case "batch":
                self.batches += 1
                self.seconds += seconds
                self.messages += len(event["Records"])
            case "schedule":
                self.polls += 1
            case _:
                self.asked += 1


class Pool:
    """`size` processes of one link. One that dies or runs out of time is ended and replaced."""

    def __init__(
        self,
        folder: Path,
        environment: Mapping[str, str],
        timeout: timedelta,
        size: int,
        log: Path,
    ) -> None:
        self._folder = folder
        self._environment = surroundings(environment)
        self._timeout = timeout
        self._log = log.open("ab")
        self._free: queue.LifoQueue[_Process] = queue.LifoQueue()
        self._counting = Lock()
        self._usage = Usage()
        self._began = datetime.now(UTC)
        self._all = [self._start() for _ in range(size)]
        for process in self._all:
            self._free.put(process)

    @property
    def pids(self) -> list[int]:
        """The processes' ids, as the machine counts them."""
        return [process.pid for process in self._all]

    def invoke(self, event: Mapping[str, Any]) -> Any:
        process = self._free.get()
        began = time.monotonic()
        try:
            return process.endpoint.invoke(event)
        except FunctionError as error:
            if str(error) in {TIMED_OUT, EXITED}:
                process.close()
                self._all.remove(process)
                process = self._start()
                self._all.append(process)
            raise
        finally:
            self._free.put(process)
            with self._counting:
                self._usage.count(event, time.monotonic() - began)

    def usage(self) -> dict[str, float]:
        """What the function was used for since it began."""
        with self._counting:
            now = datetime.now(UTC)
            return {**asdict(self._usage), "hours": (now - self._began) / timedelta(hours=1)}

    def renew(self) -> None:
        """Every process anew, once each is free, as a deployment makes them."""
        self._all = [self._anew(self._free.get()) for _ in range(len(self._all))]
        for process in self._all:
            self._free.put(process)

    def close(self) -> None:
        for process in self._all:
            process.close()
        self._log.close()

    def _anew(self, process: _Process) -> _Process:
        process.close()
        return self._start()

    def _start(self) -> _Process:
        return _Process(self._folder, self._environment, self._timeout, self._log)


class _Process:
    def __init__(
        self, folder: Path, environment: Mapping[str, str], timeout: timedelta, log: IO[bytes]
    ) -> None:
        seconds = str(timeout.total_seconds())
        runner = "tieline_ops.local.function_runner"
        self._process = subprocess.Popen(
            [sys.executable, *START, runner, str(folder), seconds],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        self._log = log
        self._timeout = timeout
        self._url = ""

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def endpoint(self) -> Endpoint:
        """Where it listens; waits for it at the first call. Raises FunctionError if it ended."""
        if not self._url:
            assert self._process.stdout is not None
            port = self._process.stdout.readline().strip()
            if not port:
                raise FunctionError(EXITED)
            self._url = f"http://127.0.0.1:{port}"
            # What the handler logs goes on to the log, and must not fill the pipe.
            _drain(self._process.stdout, self._log)
        return Endpoint(self._url, self._timeout)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdin is not None
        self._process.stdin.close()


def _drain(source: IO[str], target: IO[bytes]) -> None:
    def copy() -> None:
        # The log is closed while its writers still end.
        with source, suppress(ValueError):
            for line in source:
                target.write(line.encode())
                target.flush()

    Thread(target=copy, daemon=True).start()
