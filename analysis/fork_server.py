"""
The process that kernels are forked from, started by `kernels.Server`; the third-party imports are done in it once.

It is run as a file and imports nothing of this package, so that a kernel always runs the code that is on the disk.
Over a socket come lines of JSON: ``{"fork": [arguments], "env": {}, "cwd": ""}`` is answered with ``{"pid": 1}``, and
``{"poll": 1}`` with ``{"code": 0}``, or null for the code while the kernel runs. When the socket closes, because the
process that asks is gone or has had enough, all kernels are killed.
"""

from __future__ import annotations

import contextlib
import gc
import importlib.util
import json
import os
import random
import signal
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

__all__ = ["PRELOADED", "SETTLED", "Request", "become", "serve"]

# Third-party modules that the notebooks import, and the kernel's own. Never this package, which may be edited, and
# never matplotlib_inline.backend_inline: figures of a kernel forked after its import vanish without a word.
PRELOADED = (
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "ipykernel.zmqshell",
    "numpy",
    "numpy.random",
    "scipy.special",
    "scipy.optimize",
    "scipy.stats",
    "scipy.stats.qmc",
    "pydantic.fields",
    "pydantic.main",
    "pydantic.plugin._loader",
    "pydantic.plugin._schema_validator",
    "pydantic.types",
    "tabulate",
    "prov.model",
    "prov.serializers.provjson",
    "PIL.BmpImagePlugin",
    "PIL.GifImagePlugin",
    "PIL.JpegImagePlugin",
    "PIL.PngImagePlugin",
    "PIL.PpmImagePlugin",
    "matplotlib.axes",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "matplotlib.dates",
    "matplotlib.figure",
    "matplotlib.style.core",
)
# Variables read when modules are imported, or the interpreter starts: a kernel that needs other values is not forked.
SETTLED = ("BLIS", "GOTO", "HOME", "LANG", "LC_", "LD_", "MKL", "MPL", "NUMEXPR", "OMP", "OPENBLAS", "PYTHON", "XDG_")


@dataclass(frozen=True, slots=True)
class Request:
    """A kernel that is wanted: its arguments without the interpreter's, environment and folder."""

    arguments: tuple[str, ...]
    environment: dict[str, str]
    folder: str


def serve(channel: socket.socket, *, once: bool = False) -> Request | None:
    """
    Answer until the other end is closed. In a forked process, return what it is to become; None in the server.

    A server is single-threaded, so that each fork is whole. With ``once`` it does not fork, and becomes itself what is
    asked for first.
    """
    kernels: set[int] = set()
    lines = channel.makefile("rb")
    _answer(channel, {})  # ready
    for line in _until_gone(lines):
        asked = json.loads(line)
        if "poll" in asked:
            answer: dict[str, int | None] = {"code": _exit_code(asked["poll"], kernels)}
        else:
            pid = 0 if once else os.fork()
            if pid == 0:
                if once:
                    _answer(channel, {"pid": os.getpid()})
                lines.close()
                channel.close()
                return Request(tuple(asked["fork"]), asked["env"], asked["cwd"])
            kernels.add(pid)
            answer = {"pid": pid}
        _answer(channel, answer)
    for pid in kernels:
        with contextlib.suppress(OSError):  # it is gone, or has not yet made its group
            os.killpg(pid, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    return None


def _answer(channel: socket.socket, answer: Mapping[str, int | None]) -> None:
    """Nobody hears it where whoever asks is gone; no more lines come then."""
    with contextlib.suppress(OSError):
        channel.sendall(json.dumps(answer).encode() + b"\n")


def _until_gone(lines: Iterable[bytes]) -> Iterator[bytes]:
    """A socket whose other end has not read its answers is reset, and not closed."""
    with contextlib.suppress(OSError):
        yield from lines


def _exit_code(pid: int, kernels: set[int]) -> int | None:
    """As `subprocess` says it, negative for a signal; None while the kernel runs."""
    done, status = os.waitpid(pid, os.WNOHANG)
    if not done:
        return None
    kernels.discard(pid)
    return os.waitstatus_to_exitcode(status)


def become(request: Request) -> None:
    """Turn this forked process into the kernel asked for, as if it had been started by itself."""
    if os.getsid(0) != os.getpid():
        os.setsid()
    for number in (signal.SIGTERM, signal.SIGCHLD, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.environ.clear()
    os.environ.update(request.environment)
    if not os.environ.get("MPLBACKEND"):
        os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"  # as ipykernel does
    os.chdir(request.folder)
    importlib.invalidate_caches()
    # Each kernel would draw the same numbers from the states that the server has.
    random.seed()
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    if "matplotlib" in sys.modules:  # which read the environment when it was imported
        sys.modules["matplotlib"].rcParams["backend"] = os.environ["MPLBACKEND"]
    # The kernel ends itself when its parent does; ipykernel read who that is when it was imported.
    launcher = importlib.util.find_spec("ipykernel_launcher")
    sys.argv = [str(launcher and launcher.origin), *request.arguments, f"--IPKernelApp.parent_handle={os.getppid()}"]
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()


def _main() -> None:
    channel = socket.socket(fileno=int(sys.argv[1]))
    for name in PRELOADED:
        with contextlib.suppress(ImportError):  # the kernel will say what is missing
            importlib.import_module(name)
    once = "once" in sys.argv[2:]
    if not once:
        gc.collect()
        gc.freeze()  # so that a collection in a kernel does not copy the pages it shares
    request = serve(channel, once=once)
    if request is not None:
        become(request)


if __name__ == "__main__":
    _main()
