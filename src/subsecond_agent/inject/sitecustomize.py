"""Python runs this at its start, since its folder is on PYTHONPATH: start the agent, then go on as without it."""

import _subsecond_inject  # type: ignore[import-not-found]

_subsecond_inject.start()
_subsecond_inject.chain()
