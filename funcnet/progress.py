"""A bar on the terminal, with the rate and the time left, and lines that go well with it."""

from collections.abc import Callable


class Progress:
    """A bar where tqdm is installed and one is wanted."""

    def __init__(self, steps: int, start: int = 0, wanted: bool = True):
        self._bar = None
        if wanted:
            try:
                from tqdm import tqdm
            except ModuleNotFoundError:
                return
            self._bar = tqdm(total=steps, initial=start, unit="step", leave=False)

    def reach(self, step: int, loss: float | None = None) -> None:
        """Move the bar to a step."""
        if self._bar is not None:
            if loss is not None:
                self._bar.set_postfix_str(f"loss {loss:.4g}", refresh=False)
            self._bar.update(step - self._bar.n)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._bar is not None:
            self._bar.close()


def writer() -> Callable[[str], None]:
    """A `print` that leaves a bar whole."""
    try:
        from tqdm import tqdm
    except ModuleNotFoundError:
        return print
    return tqdm.write
