"""The web server's listening socket, opened once and kept while web processes come and go."""

import socket

from coop.local.errors import LocalError

PREFERRED = range(8000, 8100)


def open_socket(port: int | None) -> socket.socket:
    """Listen on this port of the loopback address, or on the first free one from 8000."""
    for candidate in PREFERRED if port is None else [port]:
        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", candidate))
        except OSError:
            listening.close()
            continue
        listening.listen(512)
        listening.set_inheritable(True)
        return listening
    raise LocalError(f"Port {port or '8000 to 8099'} is taken: name a free one in PORT.")


def address_of(listening: socket.socket) -> str:
    """The URL that a browser on this machine uses."""
    return f"http://127.0.0.1:{listening.getsockname()[1]}"
