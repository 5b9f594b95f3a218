"""Run inside the sandbox by the app's interpreter: starts the app there, and hands out sockets of its network.

A script, standard library only, Python 3.9+. Arguments: the number of an inherited socket, then the command. For each
`4` or `6` that comes through that socket one new TCP socket of that family goes back: whoever holds the other end
listens and connects with them. Nothing from outside comes in. `go`
starts the command, `!…` says why it is not to be started. Ends with the command's exit code.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import sys

FAMILIES = {b"4": socket.AF_INET, b"6": socket.AF_INET6}
READY = b"go"
FAILED = b"!"
LONGEST = 1000


def main() -> int:
    control = socket.socket(fileno=int(sys.argv[1]))
    os.set_inheritable(control.fileno(), False)
    wake, woken = socket.socketpair()
    for end in (wake, woken):
        end.setblocking(False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)  # the app ends by itself; the sandbox would go with this process
    signal.set_wakeup_fd(woken.fileno(), warn_on_full_buffer=False)
    child = None
    watched = [control, wake]
    while True:
        if child is not None and child.poll() is not None:
            return child.returncode if child.returncode >= 0 else 128 - child.returncode
        for ready in select.select(watched, [], [])[0]:
            if ready is wake:
                wake.recv(4096)
                continue
            wanted = control.recv(LONGEST)
            if wanted == READY:
                child = subprocess.Popen(sys.argv[2:])
            elif wanted in FAMILIES:
                hand_out(control, FAMILIES[wanted])
            elif wanted.startswith(FAILED):
                print(wanted[len(FAILED) :].decode(errors="replace"), file=sys.stderr)
                return 1
            elif not wanted:  # nobody is there any more: the app may live on, but nobody will reach it
                watched.remove(control)
                if child is None:
                    return 1


def hand_out(control: socket.socket, family: int) -> None:
    try:
        made = socket.socket(family, socket.SOCK_STREAM)
    except OSError:  # a kernel without IPv6
        control.send(b"-")
        return
    with made:
        socket.send_fds(control, [b"+"], [made.fileno()])


if __name__ == "__main__":
    sys.exit(main())
