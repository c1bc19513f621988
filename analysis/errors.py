"""The two ways a run can end early: the input is wrong, or the work failed. Neither shows a user a traceback."""

__all__ = ["InputError", "WorkError"]


class InputError(ValueError):
    r"""
    What the user gave is wrong; the command line prints each fault on a line and exits with 2.

    Parameters
    ----------
    *faults : str
        One line per fault: where, what was got, what was expected.

    Examples
    --------
    >>> str(InputError("level is 2", "seed is 'x'"))
    "level is 2\nseed is 'x'"
    """

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class WorkError(RuntimeError):
    """The input was sound and the work failed; the command line prints the reason and exits with 1."""
