"""The dashboard is served until Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import urllib.request


def test_the_pages_are_served_and_ctrl_c_ends_them_well(ran):
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "loopwright", "dashboard", "--port", "0", "--project", str(ran)],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        address = next(found[0] for line in process.stdout if (found := re.search(r"http://127\.0\.0\.1:\d+", line)))
        with urllib.request.urlopen(address, timeout=20) as page:
            assert page.status == 200
            assert b"fares" in page.read()
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
    assert process.returncode in (0, 130)


def test_a_folder_without_a_project_is_not_served(tmp_path, give):
    assert "there is no loopwright.toml" in give("dashboard", "--port", 0, "--project", tmp_path, code=1).err
