"""The dashboard as a process: it says where it is, and Ctrl-C ends it quietly."""

import signal
import subprocess
import sys
import urllib.request

PROGRAM = """
import sys
from loopwright.faces.web import app, serve

class Nothing:
    name = "nothing"
    def newest(self, kind): return None
    def all(self, kind): return []
    def aliases(self): return []
    def activity(self): return []
    def score(self): return None

serve(app(Nothing), port=0)
print("ended", flush=True)
"""


def test_it_prints_its_address_and_ends_with_control_c():
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        line = process.stdout.readline()
        assert line.startswith("Loopwright dashboard: http://127.0.0.1:")
        with urllib.request.urlopen(line.split()[2], timeout=20) as page:
            assert b"What to do next" in page.read()
        process.send_signal(signal.SIGINT)
        rest, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, rest, errors) == (0, "ended\n", "")
