"""The library that stands between a process and the C library: built with gcc, preloaded, armed from within."""

import ctypes
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("shim.c")
MODES: Final = {"kill": 1, "fail": 2, "stay": 3, "tear": 4}
"""Die before the call; fail it; fail it and all of its kind after it; write half of it and die."""


def build(folder: Path) -> Path | None:
    """The library, made in `folder`; None where there is no compiler."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or os.uname().sysname != "Linux":
        return None
    made = folder / "shim.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-w", "-o", made, SOURCE, "-ldl"], check=True)
    return made


def arm(at: int, what: str, folder: str, told: int) -> None:
    """From here on count this process's calls; number `at` is told of on the pipe `told` and then hit."""
    library = ctypes.CDLL(None)
    library.crash_arm.argtypes = (ctypes.c_long, ctypes.c_int, ctypes.c_char_p, ctypes.c_int)
    library.crash_arm(at, MODES[what], folder.encode(), told)


def disarm() -> int:
    """Stop counting; how many calls there were."""
    counted: int = ctypes.CDLL(None).crash_disarm()
    return counted
