"""
Windows as far as Linux can show it: ``python -m tests.without_posix analysis estimate seed`` runs a module as there.

Modules, calls and signals that Windows lacks are taken away before anything of this project is imported. What the
standard library and three others need in their branches for Linux stays: on Windows they take another branch.
"""

from __future__ import annotations

import functools
import os
import runpy
import select
import signal
import socket
import sys

import filelock  # noqa: F401, which has a branch of its own for each system, as have the next two
import platformdirs  # noqa: F401
import psutil  # noqa: F401

__all__ = ["ABSENT", "MODULES", "take_away"]

MODULES = ("fcntl", "grp", "pty", "pwd", "readline", "resource", "syslog", "termios", "tty")
ABSENT = {
    "os": (
        *("O_CLOEXEC", "O_DIRECTORY", "O_NOFOLLOW", "chown", "fchown", "fork", "forkpty", "getegid"),
        *("geteuid", "getgid", "getloadavg", "getpgid", "getpgrp", "getsid", "getuid", "killpg", "mkfifo", "nice"),
        *("posix_spawn", "posix_spawnp", "sched_getaffinity", "setpgid", "setsid", "wait3", "wait4"),
    ),
    "select": ("epoll", "poll"),
    "signal": (
        *("SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGPIPE", "SIGQUIT", "SIGTSTP", "SIGUSR1", "SIGUSR2"),
        *("alarm", "pthread_kill", "pthread_sigmask", "setitimer"),
    ),
    "socket": ("AF_UNIX",),
}


def take_away() -> None:
    """Take away what Windows lacks, for the rest of this process, and print as Windows does into a pipe."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="cp1252", errors=stream.errors)
    for name in MODULES:
        sys.modules[name] = None  # type: ignore[assignment]
    # Event loops ask for a pair in the system's own way, which on Linux is this one.
    socket.socketpair = functools.partial(socket.socketpair, socket.AF_UNIX)  # type: ignore[assignment]
    for module in (os, select, signal, socket):
        for name in ABSENT[module.__name__]:
            if hasattr(module, name):  # macOS lacks some of them too
                delattr(module, name)


if __name__ == "__main__":
    take_away()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
