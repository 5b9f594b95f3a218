"""An OTLP collector that keeps what it is sent as lines of JSON in `var/otlp`: traces, metrics and logs, a file each.

`POST /v1/traces`, `/v1/metrics` and `/v1/logs` take protobuf, gzipped or not, as the OTLP specification says; a line is
one export request in OTLP's JSON form.
"""

from __future__ import annotations

import base64
import json
import threading
import zlib
from pathlib import Path
from typing import Any

from flask import Flask, Response, jsonify, request
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError, Message
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from discovery.settings import var_folder

KINDS: dict[str, type[Message]] = {
    "traces": ExportTraceServiceRequest,
    "metrics": ExportMetricsServiceRequest,
    "logs": ExportLogsServiceRequest,
}
LARGEST_REQUEST = 20_000_000  # bytes, packed and unpacked
LARGEST_FILE = 50_000_000  # bytes; a larger one becomes `….jsonl.old` and a new one is begun
IDS = frozenset({"traceId", "spanId", "parentSpanId"})  # hexadecimal in OTLP's JSON, not base64 as other bytes
PROTOBUF = "application/x-protobuf"


def create_app(folder: Path) -> Flask:
    """The collector, which writes into a folder."""
    service = Flask("discovery.external.otlp")
    service.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    writing = threading.Lock()

    @service.post("/v1/<any(traces, metrics, logs):kind>")
    def take(kind: str) -> Response:
        try:
            message = KINDS[kind].FromString(_unpacked(request.get_data(), request.headers.get("Content-Encoding")))
        except (DecodeError, ValueError, OSError, EOFError, zlib.error):
            return Response("not an OTLP export request", 400, mimetype="text/plain")
        line = json.dumps(_with_hex_ids(MessageToDict(message, use_integers_for_enums=True)), separators=(",", ":"))
        try:
            with writing:
                _append(folder / f"{kind}.jsonl", line)
        except OSError:
            # 503 asks the sender to try again later.
            return Response("cannot write", 503, mimetype="text/plain")
        return Response(b"", mimetype=PROTOBUF)

    @service.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    return service


def _unpacked(body: bytes, encoding: str | None) -> bytes:
    """The body without its gzip; raises ValueError when it is too large or packed otherwise."""
    if encoding in (None, "", "identity"):
        return body
    if encoding != "gzip":
        raise ValueError(encoding)
    unpacker = zlib.decompressobj(wbits=31)
    content = unpacker.decompress(body, LARGEST_REQUEST)
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise ValueError("too large or torn")
    return content


def _with_hex_ids(content: Any, name: str = "") -> Any:
    if isinstance(content, dict):
        return {key: _with_hex_ids(value, key) for key, value in content.items()}
    if isinstance(content, list):
        return [_with_hex_ids(value) for value in content]
    return base64.b64decode(content).hex() if name in IDS else content


def _append(file: Path, line: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    if file.exists() and file.stat().st_size > LARGEST_FILE:
        file.replace(file.with_name(f"{file.name}.old"))
    with open(file, "a", encoding="utf-8") as handle:
        handle.write(f"{line}\n")


app = create_app(var_folder() / "otlp")
