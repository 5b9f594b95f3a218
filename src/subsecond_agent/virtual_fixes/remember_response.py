"""remember-response: a request is answered with what an equal one was answered before, in this process and trial.

Equal: method, path, query, and the headers that a cache would have to look at. It shows whether the answer is the same
each time, for each user and each query: its gain is nearly all of the request and proves nothing.
"""

from __future__ import annotations

from ..virtual_fix import VirtualFix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Answer = tuple[str, list[tuple[str, str]], list[bytes]]

NAMES = ("REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "HTTP_ACCEPT", "HTTP_AUTHORIZATION")
KEY = (*NAMES, "HTTP_COOKIE", "HTTP_ACCEPT_LANGUAGE", "HTTP_HOST")
MAX_BYTES = 16_000_000
MAX_ANSWERS = 200

memory: dict[tuple[Any, ...], Answer] = {}


class Fix(VirtualFix):
    NAME = "remember-response"
    PARAMETERS = {}

    @classmethod
    def uninstall(cls) -> None:
        memory.clear()

    def around(self, original: Any) -> Any:
        """The application's `__call__`, answered from memory where it can be."""

        def call(app: Any, environ: Any, start_response: Any) -> Any:
            key = (self.record.trial_id, *[environ.get(name) for name in KEY])
            known = memory.get(key)
            if known is not None:
                self.acted += 1
                if not self.shadow:
                    start_response(known[0], list(known[1]))
                    return list(known[2])
            return self.remembering(original, app, environ, start_response, key)

        return call

    def remembering(self, original: Any, app: Any, environ: Any, start_response: Any, key: Any) -> Any:
        said: list[Any] = []

        def started(status: str, headers: Any, *rest: Any) -> Any:
            said[:] = [status, list(headers)]
            return start_response(status, headers, *rest)

        response = original(app, environ, started)
        if not said or not said[0].startswith("200"):
            return response
        if any(name.lower() == "set-cookie" for name, _ in said[1]):
            self.refuse("the response sets a cookie")
            return response
        length = next((value for name, value in said[1] if name.lower() == "content-length"), "")
        file_wrapper = environ.get("wsgi.file_wrapper")
        is_file = isinstance(file_wrapper, type) and isinstance(response, file_wrapper)
        if is_file or not length.isdigit() or int(length) > MAX_BYTES:
            self.refuse(f"the response is a stream, a file, or of more than {MAX_BYTES} bytes")
            return response
        chunks = list(response)
        close = getattr(response, "close", None)
        if close is not None:
            close()
        if len(memory) >= MAX_ANSWERS:
            self.refuse(f"more than {MAX_ANSWERS} different responses")
        else:
            memory[key] = (said[0], said[1], chunks)
        return chunks
