"""The services that the fleet's application calls: `python gateway.py PORT`."""

import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

SECONDS = {"position": 0.002, "positions": 0.008, "weather": 0.016, "traffic": 0.018, "fuel": 0.014, "diagnose": 0.06}


def position(vehicle: int) -> dict:
    return {"vehicle": vehicle, "lat": 50 + vehicle % 97 / 50, "lon": 8 + vehicle % 89 / 40}


def answer(name: str, query: dict[str, str]) -> object:
    if name == "position":
        return position(int(query["vehicle"]))
    if name == "positions":
        return [position(int(vehicle)) for vehicle in query["vehicles"].split(",")]
    if name == "weather":
        return {"rain": len(query["at"]) % 4, "zone": f"Z{len(query['at']) % 3}"}
    if name == "traffic":
        return {"delay": len(query.get("zone", query.get("at", ""))) % 5 + 1}
    if name == "fuel":
        return {"cents": 171}
    return {"codes": ["P0420", "U0100"], "vehicle": int(query["vehicle"])}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        name = url.path.strip("/")
        time.sleep(SECONDS.get(name, 0.01))
        body = json.dumps(answer(name, {key: values[0] for key, values in parse_qs(url.query).items()})).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


def serve(port: int) -> None:
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
