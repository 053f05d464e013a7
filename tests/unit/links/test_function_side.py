from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SHARED = Path(__file__).parents[3] / "shared"


def test_a_function_loads_its_link_without_yaml_and_pydantic() -> None:
    code = (
        "import sys, tieline.domain.link_json, tieline.domain.reconcile, tieline.domain.when;"
        "print(sorted({'yaml', 'pydantic', 'markdown_it', 'tieline_ops'} & set(sys.modules)))"
    )
    environment = {"PYTHONPATH": str(SHARED)}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
