"""Small servers for what the simulated platforms cannot do: refuse connections for a while, or speak wrong TLS."""

import socket
import threading
from typing import Final, Self
from urllib.parse import urlsplit

_CHUNK: Final = 65_536


class Gate:
    """Passes connections on to a server. After `open_first` connections it shuts: new ones are refused, those that are
    open stay; it opens again when it is told to. With `deaf` it does not refuse but never answers."""

    def __init__(self, url: str, *, open_first: int, deaf: bool = False) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "", parts.port or 0)
        self._open_first, self._deaf = open_first, deaf
        self._listening = self._listen(0)
        self.port: int = self._listening.getsockname()[1]
        self.accepted = 0
        self._open: list[socket.socket] = []
        self._done, self._again = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._again.set()
        self._thread.join()
        for line in (*self._open, self._listening):
            line.close()

    def open(self) -> None:
        """Take connections again."""
        self._again.set()

    @staticmethod
    def _listen(port: int, backlog: int = 100) -> socket.socket:
        listening = socket.socket()
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(("127.0.0.1", port))
        listening.listen(backlog)
        listening.settimeout(0.02)
        return listening

    def _serve(self) -> None:
        while not self._done.is_set():
            try:
                line, _ = self._listening.accept()
            except TimeoutError:
                continue
            self.accepted += 1
            self._pass_on(line)
            if self.accepted == self._open_first:
                self._close_for_a_while()

    def _close_for_a_while(self) -> None:
        self._listening.close()
        callers = self._fill() if self._deaf else []
        self._again.wait()
        for line in callers:
            line.close()
        if not self._done.is_set():
            if self._deaf:
                self._listening.close()
            self._listening = self._listen(self.port)

    def _fill(self) -> list[socket.socket]:
        """Listen with a queue that is full: whoever connects now waits."""
        self._listening = self._listen(self.port, 0)
        callers = [socket.socket() for _ in range(4)]
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.1", self.port))
        return callers

    def _pass_on(self, line: socket.socket) -> None:
        other = socket.create_connection(self._target)
        line.settimeout(None)
        self._open += [line, other]
        for source, target in ((line, other), (other, line)):
            threading.Thread(target=_pump, args=(source, target), daemon=True).start()


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(_CHUNK):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
