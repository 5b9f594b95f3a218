"""Logging: plain lines on stderr, or in the file that DISCOVERY_LOG_FILE names."""

import logging
import logging.config
import os
from typing import Any


def configure_logging() -> None:
    """Sets up the `discovery` logger of this process."""
    path = os.environ.get("DISCOVERY_LOG_FILE")
    handler: dict[str, Any] = {"class": "logging.StreamHandler", "formatter": "plain"}
    if path:
        handler = {"class": "logging.handlers.WatchedFileHandler", "filename": path, "formatter": "plain"}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"plain": {"format": "%(asctime)s %(process)d %(levelname)s %(name)s %(message)s"}},
            "handlers": {"default": handler},
            "loggers": {"discovery": {"level": "INFO", "handlers": ["default"], "propagate": False}},
        }
    )
