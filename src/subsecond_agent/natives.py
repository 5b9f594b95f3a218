"""References taken before gevent can patch anything; imported at start, so it loads nothing that is not there."""

from __future__ import annotations

import _thread
import time

start_native_thread = _thread.start_new_thread
"""A thread of the system's: a patched one is a greenlet, and asleep whenever the app computes."""
ident = _thread.get_ident
pause = time.sleep
