"""Progress on a terminal: what runs now, how far it is, and why it had to run."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from loopwright.faces.cli.console import console, plain, printable

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["TerminalProgress"]


class TerminalProgress:
    """Shows steps as they run; finished ones stay as lines above.

    Parameters
    ----------
    why : bool
        Say of every step why it ran, or that nothing changed.
    """

    def __init__(self, *, why: bool = False) -> None:
        self.why = why
        self._bars: Progress | None = None
        self._tasks: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def started(self, step: str) -> None:
        """Show a step as running."""
        with self._lock:
            bars = self._live()
            self._tasks[step] = bars.add_task(printable(step), total=None, doing="")

    def advanced(self, step: str, *, done: int, total: int, doing: str) -> None:
        """Move the bar of a step."""
        with self._lock:
            if step in self._tasks:
                self._live().update(self._tasks[step], completed=done, total=total, doing=printable(doing))

    def finished(self, step: str, *, seconds: float, why: str, recalled: bool) -> None:
        """Turn a running step into a line."""
        with self._lock:
            # A search tells its own story; its trials are lines only for who asks why.
            if not self.why and (recalled or "#" in step):
                self._forget(step)
                return
            mark = "[dim]=[/]" if recalled else "[green]✓[/]"
            time = "" if recalled else f"[dim]{seconds:6.2f} s[/]"
            reason = f"  [dim]{'up to date: ' if recalled else 'ran: '}{plain(why)}[/]" if self.why else ""
            out = self._bars.console if self._bars else console()
            out.print(f"{mark} {plain(f'{step:<34}')} {time}{reason}")
            self._forget(step)

    def close(self) -> None:
        """Take the bars away."""
        with self._lock:
            if self._bars:
                self._bars.stop()
                self._bars = None

    def _forget(self, step: str) -> None:
        if step in self._tasks and self._bars:
            self._bars.remove_task(self._tasks.pop(step))

    def _live(self) -> Progress:
        if self._bars is None:
            from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

            self._bars = Progress(
                SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(bar_width=24),
                TextColumn("{task.fields[doing]}", markup=False), TimeElapsedColumn(),
                console=console(), transient=True,
            )
            self._bars.start()
        return self._bars
