"""Ctrl-C while programs are compiled: noted at once, obeyed at the next safe place.

Python raises KeyboardInterrupt wherever it happens to be. Inside of a compilation that is often a
callback from C++: there the exception is lost ("Exception ignored in …"), or the half-built program
is torn down at exit, which ends in a segmentation fault. So between `deferred` and its end the
signal sets a flag, which training looks at between two chunks. A second Ctrl-C does not wait.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Flag:
    """Whether Ctrl-C was pressed."""

    def __init__(self):
        self.raised = False

    def note(self, *_) -> None:
        """The handler: the first Ctrl-C is noted, the second one obeyed at once."""
        if self.raised:
            raise KeyboardInterrupt
        self.raised = True

    def obey(self) -> None:
        """Raise KeyboardInterrupt if Ctrl-C was pressed."""
        if self.raised:
            self.raised = False
            raise KeyboardInterrupt


@contextmanager
def deferred() -> Iterator[Flag]:
    """Within the block Ctrl-C sets the flag; what nobody has looked at by its end is raised there.

    Inside of another such block it is that block's flag. In a thread other than the main one, and
    where the program has a handler of its own, nothing is changed.
    """
    handler = signal.getsignal(signal.SIGINT)
    outer = getattr(handler, "__self__", None)
    if isinstance(outer, Flag):
        yield outer
        return
    flag = Flag()
    main = threading.current_thread() is threading.main_thread()
    if not main or handler is not signal.default_int_handler:
        yield flag
        return
    signal.signal(signal.SIGINT, flag.note)
    try:
        yield flag
    finally:
        signal.signal(signal.SIGINT, handler)
    flag.obey()
