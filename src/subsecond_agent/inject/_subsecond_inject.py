"""How the agent gets into the app's process, whichever launcher found this folder.

`sitecustomize.py` next to this file is what Python finds. `opentelemetry-instrument` puts a folder of its own first
and does not chain; it does call every entry point of the group `opentelemetry_pre_instrument`, and the `.dist-info`
folder next to this file has one that names `start`.
"""

import os
import sys

PRIVATE = "_subsecond_agent"
"""The agent's package is loaded by path under this one name, so that the app keeps its own `hooks`, `boot`, ..."""
HERE = os.path.dirname(os.path.abspath(__file__))


def start() -> None:
    """Wake the agent if the tool asks for it, once; a failure is one line on standard error, never the app's."""
    if not os.environ.get("SUBSECOND_SPOOL") or PRIVATE in sys.modules:
        return
    try:
        package = type(sys)(PRIVATE)
        package.__path__ = [os.path.dirname(HERE)]  # a package's path is all that the import system asks for
        package.__package__ = PRIVATE
        sys.modules[PRIVATE] = package
        __import__(PRIVATE + ".boot")
        sys.modules[PRIVATE + ".boot"].start()
    except Exception as mishap:
        text = f"subsecond: the agent did not start: {type(mishap).__name__}: {mishap}\n"
        os.write(2, text.encode("utf-8", "replace"))


def chain() -> None:
    """Run the `sitecustomize` that Python would have found without this folder.

    Only entries after this folder count: what stands before it (ddtrace-run's folder) has run already and chained to
    us. An exception goes up to Python, which treats it as it always does.
    """
    from _frozen_importlib import module_from_spec
    from _frozen_importlib_external import PathFinder

    places = [os.path.abspath(entry) for entry in sys.path]
    rest = sys.path[places.index(HERE) + 1 :] if HERE in places else sys.path
    spec = PathFinder.find_spec("sitecustomize", [entry for entry in rest if os.path.abspath(entry) != HERE])
    if spec is None or spec.loader is None:
        return
    module = module_from_spec(spec)
    sys.modules["sitecustomize"] = module  # before it runs, as an import would do
    spec.loader.exec_module(module)
