"""The three ways to the collector; OpenTelemetry's own variables say where it is and how often it is sent something.

Sending goes on beside the requests. A collector that is gone costs what was to be sent and a line in the log, no more.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass

from opentelemetry._logs import Logger as OtlpLogger
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Histogram
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Tracer

NAME = "discovery"
SEVERITIES = {logging.WARNING: SeverityNumber.WARN, logging.ERROR: SeverityNumber.ERROR}


@dataclass(frozen=True, slots=True)
class Instruments:
    """What a request is recorded with."""

    tracer: Tracer
    durations: Histogram  # seconds
    logger: OtlpLogger


def set_up(service: str) -> Instruments:
    """Begins to send in the background; `service` is the name that the collector sees."""
    resource = Resource.create({"service.name": service})
    traces = TracerProvider(resource=resource)
    traces.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    metrics = MeterProvider([PeriodicExportingMetricReader(OTLPMetricExporter())], resource=resource)
    logs = LoggerProvider(resource=resource)
    logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    durations = metrics.get_meter(NAME).create_histogram("http.server.request.duration", "s")
    logger = logs.get_logger(NAME)
    logging.getLogger(NAME).addHandler(Troubles(logger))
    return Instruments(tracer=traces.get_tracer(NAME), durations=durations, logger=logger)


class Troubles(logging.Handler):
    """Sends warnings and errors of the application's own loggers."""

    def __init__(self, logger: OtlpLogger) -> None:
        super().__init__(logging.WARNING)
        self._logger = logger

    def emit(self, record: logging.LogRecord) -> None:
        """The message and where it comes from; of an exception only the type, its text may hold values of rows."""
        attributes = {"logger": record.name}
        if record.exc_info and record.exc_info[0]:
            attributes["exception.type"] = record.exc_info[0].__name__
        self._logger.emit(
            LogRecord(
                timestamp=time.time_ns(),
                severity_number=SEVERITIES.get(record.levelno, SeverityNumber.ERROR),
                severity_text=record.levelname,
                body=record.getMessage(),
                attributes=attributes,
            )
        )
