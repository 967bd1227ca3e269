"""`reconciler` and `python -m reconciler`."""

import gc
import os
import signal
import sys

from reconciler.cli.glance import COMPLETE, at_a_glance


def main() -> None:
    """The command line. Ctrl-C while Python still reads the program ends it without a traceback."""
    given = signal.getsignal(signal.SIGINT)
    if given is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if instruction := os.environ.get(COMPLETE):
        from reconciler.cli.completion import answer

        sys.exit(answer(instruction))
    if _answered():
        return
    gc.set_threshold(50_000)  # what is made here lives to the end: to look for rings in it takes more than it gives
    from reconciler.cli.main import main as run

    try:
        signal.signal(signal.SIGINT, given)
        run()
    except KeyboardInterrupt:  # where nothing is left to end with care
        os._exit(130)


def _answered() -> bool:
    """Whether the command line could be answered at a glance. Ends with 1 where stdout takes nothing."""
    answer = at_a_glance(sys.argv[1:])
    if answer is None or sys.stdout is None:
        return False
    try:
        sys.stdout.write(f"{answer}\n")
        sys.stdout.flush()
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains at exit, with 120
        if not isinstance(error, BrokenPipeError) and sys.stderr is not None:
            sys.stderr.write(f"Error: output: {error.strerror}\n")
        sys.exit(1)
    return True


if __name__ == "__main__":
    main()
