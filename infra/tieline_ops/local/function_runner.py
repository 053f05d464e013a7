"""One process that runs a link's handler, invoked by HTTP as AWS's own runtime emulator is.

    python -m tieline_ops.local.function_runner FOLDER SECONDS

prints the port it listens on, then answers POST /2015-03-31/functions/function/invocations.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
import traceback
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any


class Context:
    """What Lambda hands a handler beside the event."""

    def __init__(self, name: str, seconds: float) -> None:
        self.function_name = name
        self.function_version = "$LATEST"
        self.aws_request_id = str(uuid.uuid4())
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        self.invoked_function_arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
        self._until = time.monotonic() + seconds

    def get_remaining_time_in_millis(self) -> int:
        return max(0, round((self._until - time.monotonic()) * 1000))


def main() -> None:
    folder, seconds = Path(sys.argv[1]), float(sys.argv[2])
    sys.path.insert(0, str(folder))
    # The first line of the output is the port, whatever the folder's modules print.
    output, sys.stdout = sys.stdout, sys.stderr
    spec = importlib.util.spec_from_file_location("app", folder / "app.py")
    assert spec is not None
    assert spec.loader is not None
    app = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(app)
    sys.stdout = output
    server = HTTPServer(("127.0.0.1", 0), _serving(app.handler, folder.name, seconds))
    print(server.server_port, flush=True)
    server.serve_forever()


def _serving(
    handler: Callable[[Any, Any], Any], name: str, seconds: float
) -> type[BaseHTTPRequestHandler]:
    class Invocations(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            failed = False
            try:
                answer = json.dumps(handler(event, Context(f"tieline-{name}", seconds)))
            except Exception as error:  # noqa: BLE001 - as Lambda does
                traceback.print_exc()
                failed = True
                said = {"errorMessage": str(error), "errorType": type(error).__name__}
                answer = json.dumps(said)
            self.send_response(200)
            if failed:
                self.send_header("X-Amz-Function-Error", "Unhandled")
            self.send_header("Content-Length", str(len(answer.encode())))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return Invocations


if __name__ == "__main__":
    main()
