"""The server as a process of its own: begun, asked, and told to end while an answer is under way."""

from __future__ import annotations

import http.client
import io
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

PROGRAM = str(Path(sys.executable).parent / "pellucid")
HANGS = 900


def test_a_server_ends_when_it_is_told_to_and_answers_what_is_under_way(bars_run: Path) -> None:
    """By Ctrl-C; `make torture-serve` ends one by TERM."""
    command = [PROGRAM, "serve", str(bars_run), "--port", "0", "--client-seconds", str(HANGS)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stderr
        url = process.stdout.readline().strip()
        port = urlsplit(url).port
        assert port
        assert f"answers for images that are posted to {url}/v1/predict" in process.stderr.readline()
        buffer = io.BytesIO()
        Image.fromarray(np.zeros((8, 8), np.uint8)).save(buffer, "PNG")
        silent = socket.create_connection(("127.0.0.1", port), timeout=HANGS)
        begun = http.client.HTTPConnection("127.0.0.1", port, timeout=HANGS)
        begun.putrequest("POST", "/v1/predict")
        begun.putheader("Content-Type", "image/png")
        begun.putheader("Content-Length", str(len(buffer.getvalue())))
        begun.endheaders(buffer.getvalue()[:20])
        other = http.client.HTTPConnection("127.0.0.1", port, timeout=HANGS)
        other.request("GET", "/metrics")  # answered when the server has read what came before
        assert other.getresponse().read()
        process.send_signal(signal.SIGINT)
        assert silent.recv(1) == b""  # it ends what nobody asks anything on
        begun.send(buffer.getvalue()[20:])
        answer = begun.getresponse()
        assert (answer.status, len(json.load(answer)["predictions"])) == (200, 1)
        assert process.wait(HANGS) == 0
        assert process.stderr.read() == ""
        for connection in (silent, begun, other):
            connection.close()
