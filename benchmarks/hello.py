"""What Flask itself costs: the bare limit beside the measured pages."""

from flask import Flask

app = Flask(__name__)


@app.get("/")
def hello() -> str:
    """Two words."""
    return "hello, world"


@app.get("/healthz")
def healthz() -> str:
    """It lives."""
    return "ok"
