"""Imports the app as its server would, in the app's own interpreter, and says how it went.

A script, standard library only, Python 3.9+. Its argument is JSON: `{"app": "module:attribute", "patch": when
gevent patches ("first" | "never"), "path": folder that the server puts first, "result": file for the answer}`.
The answer is JSON: `{"error": null | last line of the traceback, "frames": [[file, line], …] outermost first,
"modules": {name: file}}`. The app's own output goes where it would go.
"""

from __future__ import annotations

import ast
import json
import sys
import traceback
from importlib import import_module
from typing import Any


def load(app: str) -> Any:
    """The object that `module:attribute` or `module:factory()` names, found as gunicorn finds it."""
    name, _, expression = app.partition(":")
    module = import_module(name)
    tree = ast.parse(expression or "application", mode="eval").body
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
        factory = getattr(module, tree.func.id)
        values = [ast.literal_eval(one) for one in tree.args]
        named = {str(one.arg): ast.literal_eval(one.value) for one in tree.keywords}
        return factory(*values, **named)
    found = module
    for part in (expression or "application").split("."):
        found = getattr(found, part)
    return found


def main() -> None:
    task = json.loads(sys.argv[1])
    sys.argv = [task["app"]]
    sys.path[0] = task["path"]
    answer: dict[str, Any] = {"error": None, "frames": []}
    try:
        if task["patch"] == "first":
            import_module("gevent.monkey").patch_all()
        load(task["app"])
    except BaseException as problem:  # SystemExit too: an app that ends the interpreter does not boot
        frames = traceback.extract_tb(problem.__traceback__)
        answer["error"] = traceback.format_exception_only(type(problem), problem)[-1].strip()
        answer["frames"] = [[frame.filename, frame.lineno] for frame in frames]
    answer["modules"] = {
        name: module.__file__
        for name, module in list(sys.modules.items())
        if isinstance(getattr(module, "__file__", None), str)
    }
    with open(task["result"], "w") as out:
        json.dump(answer, out)


if __name__ == "__main__":
    main()
