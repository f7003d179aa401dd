"""A process that serves an ONNX model has loaded neither scikit-learn nor a room that trains or judges."""

from __future__ import annotations

import json
import subprocess
import sys

SERVE = """
import json, sys
from loopwright.project import Project
from loopwright.stages import serving

with Project.open(sys.argv[1]).closing() as project:
    serving.deploy(project, by="a test", why="to look at what is loaded")
    made = serving.server(project, is_open=True)
    made.close()
loaded = [
    name for name in sys.modules
    if name.split(".")[0] in {"sklearn", "optuna", "skops"}
    or name.startswith(("loopwright.stages.training", "loopwright.stages.evaluation"))
]
print(json.dumps(loaded))
"""


def test_a_server_loads_nothing_of_training(finished):
    done = subprocess.run(
        [sys.executable, "-c", SERVE, str(finished.folder)], check=True, capture_output=True, text=True, timeout=120
    )
    assert json.loads(done.stdout) == []
