"""A real HTTP server that counts: it keeps every byte it was sent, and says what it was told to."""

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

LISTED: Mapping[str, Any] = {"domain_aligned_models": []}


@dataclass(slots=True)
class Reply:
    """What is answered: `body` as it is where it is bytes, as JSON otherwise."""

    body: Any = field(default_factory=lambda: dict(LISTED))
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The body as it goes out."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


class Counting:
    """`replies` are by the beginning of the path, the longest first; `requests` holds all that came."""

    def __init__(self) -> None:
        self.requests: list[bytes] = []
        self.replies: dict[str, Reply] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def reset(self) -> None:
        """Forget what came, and what to say."""
        self.requests.clear()
        self.replies.clear()

    @property
    def everything(self) -> bytes:
        """All that was received."""
        return b"\n".join(self.requests)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def answer(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                body = self.rfile.read(length)
                outer.requests.append(f"{self.requestline}\n{self.headers}".encode("latin-1", "replace") + body)
                fitting = sorted((key for key in outer.replies if self.path.startswith(key)), key=len)
                reply = outer.replies[fitting[-1]] if fitting else Reply()
                self.send_response_only(reply.status)
                headers = {"content-type": "application/json", "content-length": str(len(reply.content))}
                for name, value in {**headers, **reply.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.content)

            do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = answer

        return Handler
