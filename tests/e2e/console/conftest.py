"""The console beside a local stack, and a browser that looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support import browser
from support.desk import LINK, ROOT, lay_out

from tieline_ops.console.local import serve_beside
from tieline_ops.local.stack import LocalStack
from tieline_ops.project import Project

SHOTS = ROOT / "build" / "screenshots"


@pytest.fixture(scope="module")
def stack() -> Iterator[LocalStack]:
    with LocalStack(ROOT, frozenset({LINK})) as up:
        yield up


@pytest.fixture(scope="module")
def address(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("project")
    lay_out(root, stack)
    with serve_beside(stack, Project(root)) as served:
        yield served.url


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = browser.found()
    if path is None:
        pytest.skip(browser.MISSING)
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=path, args=list(browser.FLAGS))
        yield started
        started.close()


@pytest.fixture
def wrong() -> Iterator[list[str]]:
    """What the page complained of; a test that made it complain empties it."""
    said: list[str] = []
    yield said
    assert not said


@pytest.fixture
def opened(chromium: Any, address: str, wrong: list[str]) -> Iterator[Callable[..., Any]]:
    """Opens the console at a place, in a browser without a past."""
    contexts = []

    def open_(place: str = "#/", **looks: Any) -> Any:
        context = chromium.new_context(
            **{"viewport": {"width": 1360, "height": 860}, "reduced_motion": "reduce", **looks}
        )
        contexts.append(context)
        context.set_default_timeout(15_000)
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda m: wrong.append(m.text) if m.type == "error" else None)
        page.goto(f"{address}/{place}")
        page.locator("main h1").wait_for()
        return page

    yield open_
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def shoot() -> Callable[[Any, str], None]:
    """Keeps a picture of the page under build/screenshots/."""

    def shot(page: Any, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"{name}.png", full_page=True)

    return shot
