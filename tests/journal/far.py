"""A wire between a client and a server that a test may make slow, silent or broken."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from queue import SimpleQueue
from urllib.parse import urlsplit

Parcel = tuple[float, bytes] | None


class Wire:
    """Each byte takes `delay` seconds; while `silent`, none arrives and nothing is said of it."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.delay, self.silent = 0.0, threading.Event()
        self._server = server
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Break every connection."""
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                here, _ = self._listener.accept()
                there = socket.create_connection(self._server)
                self._ends += [here, there]
                for one, other in ((here, there), (there, here)):
                    one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    parcels: SimpleQueue[Parcel] = SimpleQueue()
                    threading.Thread(target=self._take, args=(one, parcels), daemon=True).start()
                    threading.Thread(target=self._bring, args=(other, parcels), daemon=True).start()

    def _take(self, source: socket.socket, parcels: SimpleQueue[Parcel]) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                parcels.put((time.monotonic() + self.delay, data))
        parcels.put(None)

    def _bring(self, target: socket.socket, parcels: SimpleQueue[Parcel]) -> None:
        with suppress(OSError):
            while parcel := parcels.get():
                time.sleep(max(0.0, parcel[0] - time.monotonic()))
                while self.silent.is_set():
                    time.sleep(0.01)
                target.sendall(parcel[1])
            target.shutdown(socket.SHUT_RDWR)


@contextmanager
def far(url: str) -> Iterator[tuple[Wire, str]]:
    """A wire to the database at `url`, and the address of its near end."""
    parts = urlsplit(url)
    wire = Wire((parts.hostname or "", parts.port or 5432))
    with closing(wire):
        yield wire, url.replace(f":{parts.port}/", f":{wire.port}/")
