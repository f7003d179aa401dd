"""The command line, one file per room.

Exit codes: 0 done or nothing to do, 1 failed, 20 a gate said no.
"""

from loopwright.faces.cli.app import main

__all__ = ["main"]
