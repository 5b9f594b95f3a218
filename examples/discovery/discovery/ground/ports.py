"""Are the ports free?"""

from __future__ import annotations

import socket

from discovery.ground.failure import Failure

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def answers(port: int) -> bool:
    """Whether something accepts connections on the port."""
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((HOST, port)) == 0


def unused() -> int:
    """A port that is free now, chosen by the system."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def require(wanted: dict[str, int]) -> None:
    """Raise Failure for the first port that is taken, or that two services want."""
    seen: dict[int, str] = {}
    for name, port in wanted.items():
        choose = f"choose another: --{name}-port N or DISCOVERY_{name.upper()}_PORT=N"
        if port in seen:
            raise Failure(f"port {port} is wanted by both {seen[port]} and {name}; {choose}")
        seen[port] = name
        if not is_free(port):
            raise Failure(f"port {port} of {name} is taken by another program; {choose}")
