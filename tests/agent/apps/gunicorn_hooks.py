"""gunicorn configuration: write which modules are loaded, in order, before the worker patches and after its start."""

import os
import sys


def dump(name):
    with open(os.path.join(os.environ["MODULES_TO"], f"{name}-{os.getpid()}"), "w") as file:
        file.write("\n".join(list(sys.modules)))


def post_fork(server, worker):
    dump("before")


def post_worker_init(worker):
    dump("after")
