"""Runs a server for as long as standard input is open.

Its other end is held by the program that started this one. It closes when that program ends, however it ends, so that no
server outlives it. When the server ends by itself, so does this.
"""

import os
import signal
import subprocess
import sys
import threading

SECONDS_TO_STOP = 5

stopping = threading.Event()
server = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, start_new_session=True)


def signal_all(what):
    """To the server and its children, as far as they are still there."""
    try:
        os.killpg(server.pid, what)
    except ProcessLookupError:
        pass


def follow():
    code = server.wait()
    if not stopping.is_set():
        signal_all(signal.SIGKILL)
        os._exit(code if code > 0 else 1)


threading.Thread(target=follow, daemon=True).start()
sys.stdin.buffer.read()
stopping.set()
signal_all(signal.SIGTERM)
try:
    server.wait(SECONDS_TO_STOP)
except subprocess.TimeoutExpired:
    pass
signal_all(signal.SIGKILL)
