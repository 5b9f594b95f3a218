"""An app whose modules have the names of the agent's."""

import boot
import guard
import hooks
import line
import protocol
import recorder
import span
import spool
import wsgi
from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/ready")
def ready():
    return "yes"


@app.get("/names")
def names():
    return jsonify([m.NAME for m in (boot, guard, hooks, line, protocol, recorder, span, spool, wsgi)])
