"""However a command ends, signals included: the reports asked for are there, and the last event is a summary."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress

import click

from reconciler.cli import documents, session
from reconciler.cli.events import Events
from reconciler.cli.options import Common
from reconciler.clock import SystemClock
from reconciler.core.exits import Why
from reconciler.core.report import Report
from reconciler.errors import Complaint, FileError, JournalError, LockHeld, PlanRefused, ReconcilerError

INTERRUPTED = "interrupted"
"""The reason of a run that a signal ended."""

_USAGE = 64


class Ending:
    """How one run ends. `run` is its id."""

    def __init__(self, options: Common, operation: str) -> None:
        """`operation` is the command. Raises `ConfigurationError` where events cannot be written."""
        self.run = session.new_run()
        self.events = Events(options.events)
        self._options, self._operation, self._began = options, operation, SystemClock().now()
        self._published = False
        self._partial = bool(options.only or options.exclude)
        self._code, self._text = 0, ""
        self._reasons: tuple[str, ...] = ()
        self._counts: Mapping[str, int] = {}

    def publish(
        self,
        forms: documents.Forms,
        *,
        code: int,
        reasons: Iterable[str],
        counts: Mapping[str, int],
        text: str,
        partial: bool = False,
        silent: bool = False,
    ) -> None:
        """Print, unless it is to be `silent`, and write the forms of what came of it; `counts` and `text` are for the
        last event."""
        self._published = True
        self._code, self._reasons = code, tuple(dict.fromkeys(map(str, reasons)))
        self._counts, self._text, self._partial = counts, text, partial
        if silent:
            documents.write_reports(forms, self._options)
        else:
            documents.publish(forms, self._options)

    def fail(self, error: BaseException) -> None:
        """Write the reports of a run that `error` ended, where it has none yet."""
        self._code, why = _meaning(error)
        self._reasons = tuple(dict.fromkeys((why, *self._reasons)))
        complaints: tuple[Complaint, ...] = error.complaints if isinstance(error, FileError) else ()
        text = _words(error, self._code)
        if why != INTERRUPTED or not self._published:
            self.events.complain(complaints, text)
            self._text = text.splitlines()[0].rstrip(":")
        if self._published:
            return
        report = Report(
            run_id=self.run,
            plan_digest="",
            started_at=self._began,
            finished_at=SystemClock().now(),
            exit_code=self._code,
            reasons=self._reasons,
            outcomes=(),
            partial=self._partial,
            error=text,
        )
        with suppress(ReconcilerError, OSError):  # the error that ended the run is the one to tell
            documents.write_reports(
                documents.report_forms(
                    report, None, self._options, kind=_KINDS[self._operation], complaints=complaints
                ),
                self._options,
            )

    def close(self) -> None:
        """Write the last event."""
        self.events.end(self._operation, self._code, self._reasons, self._counts, self._text, partial=self._partial)


_KINDS = {"plan": "plan", "apply": "report", "drift": "drift"}
"""What a command's document is: a comment that is kept up to date stays the same when a run fails."""


@contextmanager
def ending(options: Common, operation: str) -> Iterator[Ending]:
    """The ending of one run of a command, told of whatever happens inside."""
    found = Ending(options, operation)
    try:
        yield found
    except BaseException as error:
        found.fail(error)
        raise
    finally:
        found.close()


def _meaning(error: BaseException) -> tuple[int, str]:
    """The exit code that an error leads to, and the reason."""
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code, INTERRUPTED if error.exit_code > 128 else "declined"
    if isinstance(error, click.UsageError):
        return _USAGE, "usage"
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return 130, INTERRUPTED
    kinds = {PlanRefused: Why.STALE, LockHeld: Why.LOCKED, JournalError: Why.JOURNAL}
    why = next((why for kind, why in kinds.items() if isinstance(error, kind)), Why.ERROR)
    return (error.exit_code if isinstance(error, ReconcilerError) else 1), str(why)


def _words(error: BaseException, code: int) -> str:
    if isinstance(error, click.ClickException):
        return error.format_message()
    if isinstance(error, click.exceptions.Exit) and code < 128:
        return "a person said no; nothing was done"
    if isinstance(error, click.exceptions.Exit | KeyboardInterrupt | click.Abort):
        return f"ended by a signal, with exit code {code}"
    return str(error) or type(error).__name__
