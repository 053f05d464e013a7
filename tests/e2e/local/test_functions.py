"""A function's processes, with a small app in the place of a link's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from support.twins import at_once
from support.until import until

from tieline_ops.local.functions import EXITED, TIMED_OUT, FunctionError, Pool

APP = """
import os, time
print("an app may print while it is imported")

def handler(event, context):
    match event["do"]:
        case "tell":
            return {
                "pid": os.getpid(),
                "left": context.get_remaining_time_in_millis(),
                "name": context.function_name,
                "memory": context.memory_limit_in_mb,
                "request": context.aws_request_id,
                "arn": context.invoked_function_arn,
                "environment": dict(os.environ),
            }
        case "raise":
            raise KeyError("words of a ticket")
        case "exit":
            os._exit(3)
        case "hang":
            time.sleep(60)
        case "meet":
            open(os.path.join(event["at"], str(os.getpid())), "w").close()
            until = time.monotonic() + 10
            while len(os.listdir(event["at"])) < event["people"] and time.monotonic() < until:
                time.sleep(0.01)
            return len(os.listdir(event["at"]))
        case "print":
            for n in range(5000):
                print("x" * 100)
            return "printed"
"""
TELL = {"do": "tell"}
Pools = Callable[..., Pool]


@pytest.fixture
def pool_of(tmp_path: Path) -> Iterator[Pools]:
    made: list[Pool] = []

    def make(app: str = APP, size: int = 1, seconds: float = 20, **environment: str) -> Pool:
        folder = tmp_path / "my-link"
        folder.mkdir(exist_ok=True)
        (folder / "app.py").write_text(app)
        log = tmp_path / "log"
        environment.setdefault("PYTHONPATH", "infra")
        made.append(Pool(folder, environment, timedelta(seconds=seconds), size, log))
        return made[-1]

    yield make
    for pool in made:
        pool.close()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_handler_gets_what_lambda_gives_it(pool_of: Pools) -> None:
    pool = pool_of(AWS_LAMBDA_FUNCTION_MEMORY_SIZE="512")
    first, second = pool.invoke(TELL), pool.invoke(TELL)
    assert first["name"] == "tieline-my-link"
    assert first["arn"].endswith(":function:tieline-my-link")
    assert first["memory"] == "512"
    assert 10_000 < first["left"] <= 20_000
    assert first["request"] != second["request"]
    assert first["pid"] == second["pid"] != os.getpid()


def test_nothing_of_a_configured_aws_account_reaches_the_handler(
    pool_of: Pools, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PROFILE", "SESSION_TOKEN", "ENDPOINT_URL_DYNAMODB", "CONFIG_FILE"):
        monkeypatch.setenv(f"AWS_{name}", "real")
    seen = pool_of(AWS_ENDPOINT_URL="http://127.0.0.1:1").invoke(TELL)["environment"]
    assert "real" not in seen.values()
    assert seen["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert seen["AWS_CONFIG_FILE"] == seen["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull


def test_what_a_handler_raises_is_told_by_its_type_and_the_process_goes_on(pool_of: Pools) -> None:
    pool = pool_of()
    pid = pool.invoke(TELL)["pid"]
    with pytest.raises(FunctionError) as caught:
        pool.invoke({"do": "raise"})
    assert str(caught.value) == "KeyError"
    assert pool.invoke(TELL)["pid"] == pid


@pytest.mark.parametrize(("deed", "told"), [("exit", EXITED), ("hang", TIMED_OUT)])
def test_a_process_that_dies_or_hangs_is_replaced(pool_of: Pools, deed: str, told: str) -> None:
    pool = pool_of(seconds=1)
    pid = pool.invoke(TELL)["pid"]
    with pytest.raises(FunctionError, match=told):
        pool.invoke({"do": deed})
    assert pool.invoke(TELL)["pid"] != pid
    assert not alive(pid)


def test_an_app_that_cannot_be_imported_fails_each_invocation(pool_of: Pools) -> None:
    pool = pool_of("import nothing_of_this_name")
    for _ in range(2):
        with pytest.raises(FunctionError, match=EXITED):
            pool.invoke(TELL)


def test_as_many_events_are_handled_at_once_as_there_are_processes(
    pool_of: Pools, tmp_path: Path
) -> None:
    pool = pool_of(size=3)
    (tmp_path / "place").mkdir()
    event = {"do": "meet", "at": str(tmp_path / "place"), "people": 3}
    start = Barrier(3)

    def invoke() -> Any:
        start.wait()
        return pool.invoke(event)

    assert at_once([invoke] * 3) == [3, 3, 3]


def test_a_handler_may_print_more_than_a_pipe_holds(pool_of: Pools) -> None:
    assert pool_of().invoke({"do": "print"}) == "printed"


def test_processes_end_with_the_pool(pool_of: Pools) -> None:
    pool = pool_of()
    pid = pool.invoke(TELL)["pid"]
    pool.close()
    assert not alive(pid)


def test_processes_do_not_outlive_a_parent_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    parent = (
        "import sys, os, datetime, pathlib; from tieline_ops.local.functions import Pool\n"
        f"pool = Pool(pathlib.Path({str(tmp_path)!r}), {{'PYTHONPATH': 'infra'}},"
        f" datetime.timedelta(seconds=9), 1, pathlib.Path({str(tmp_path / 'log')!r}))\n"
        "print(pool.invoke({'do': 'tell'})['pid'], flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", parent],
        env={**os.environ, "PYTHONPATH": "infra:shared"},
        capture_output=True,
        text=True,
        check=False,
    )
    pid = int(ran.stdout)
    until(lambda: not alive(pid))
