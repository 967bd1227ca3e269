"""`reconciler` and `python -m reconciler`."""

import os
import signal


def main() -> None:
    """The command line. Ctrl-C while Python still reads the program ends it without a traceback."""
    given = signal.getsignal(signal.SIGINT)
    if given is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from reconciler.cli.main import main as run

    try:
        signal.signal(signal.SIGINT, given)
        run()
    except KeyboardInterrupt:  # where nothing is left to end with care
        os._exit(130)


if __name__ == "__main__":
    main()
