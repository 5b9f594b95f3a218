"""Asks other services: over HTTP by three clients, and a key-value store by two."""

import json
import os
import threading
import time
import urllib.error
import urllib.request

import redis
import requests
import valkey
from flask import Flask, jsonify, request

app = Flask(__name__)
PORT = int(os.environ["OTHER_PORT"])
STORE = int(os.environ["STORE_PORT"])
BASE = f"http://127.0.0.1:{PORT}"
session = requests.Session()


@app.get("/ready")
def ready():
    return "yes"


@app.get("/urllib")
def with_urllib():
    with urllib.request.urlopen(f"{BASE}/slow?token=secret#part") as answer:  # URLLIB
        return jsonify(len(answer.read()))


@app.get("/requests")
def with_requests():
    found = [session.get(f"{BASE}/item/{number}", params={"key": "secret"}).status_code for number in range(3)]
    return jsonify(found)


@app.get("/refused")
def refused():
    try:
        urllib.request.urlopen("http://127.0.0.1:1/nobody")
    except urllib.error.URLError as error:
        return jsonify(type(error.reason).__name__)


@app.get("/no-body")
def no_body():
    """The headers come, the body is never read."""
    connection = urllib.request.http.client.HTTPConnection("127.0.0.1", PORT)
    connection.request("POST", "/slow", body=b"x")
    status = connection.getresponse().status
    connection.close()
    return jsonify(status)


@app.get("/threads")
def threads():
    """Threads that end within the request are its own."""
    made = [threading.Thread(target=lambda: session.get(f"{BASE}/item/1")) for _ in range(2)]
    for one in made:
        one.start()
    for one in made:
        one.join()
    return "done"


@app.get("/store")
def store():
    client = (redis.Redis if request.args["by"] == "redis" else valkey.Valkey)(port=STORE)
    client.delete("user:1")
    first = client.get("user:1")
    client.set("user:1", json.dumps({"name": "a"}))
    second = client.get("user:1")  # SECOND
    with client.pipeline() as pipe:
        pipe.set("a", 1).get("a").get("b")
        answers = pipe.execute()
    both = client.mget(["b", "c"])
    try:
        client.lpush("user:1", 1)
    except Exception as error:
        wrong = type(error).__name__
    return jsonify([first, second is not None, len(answers), both, wrong])


worker = {"queue": [], "thread": None}


def forever():
    while True:
        while worker["queue"]:
            session.get(f"{BASE}/item/{worker['queue'].pop()}")
        time.sleep(0.01)


@app.get("/background/<int:number>")
def background(number):
    """A thread that the first request starts works for all that come later."""
    if worker["thread"] is None:
        worker["thread"] = threading.Thread(target=forever, daemon=True)
        worker["thread"].start()
    worker["queue"].append(number)
    while worker["queue"]:
        time.sleep(0.005)
    time.sleep(0.05)
    return "queued"
