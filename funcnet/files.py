"""Files that are written whole or not at all."""

import os
import platform
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def written_whole(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and move it there once it is on the disk.

    An error or an interrupt leaves the old file as it was, and no temporary one; what a killed
    process leaves is named so that `clean` knows it.

    Raises:
        OSError: the folder is missing, cannot be written or is full.
    """
    path = Path(path)
    name = f"{_mark()}{os.getpid()}-{secrets.token_hex(4)}{path.suffix}"
    temporary = path.parent / name
    try:
        temporary.touch(exist_ok=False)
        yield temporary
        _sync(temporary)
        os.replace(temporary, path)
        _sync(path.parent)  # makes the new name itself durable
    finally:
        temporary.unlink(missing_ok=True)


def clean(folder: str | os.PathLike) -> None:
    """Remove the temporary files of processes of this machine that no longer run."""
    for path in Path(folder).glob(f"{_mark()}*"):
        found = re.match(r"(\d+)-", path.name.removeprefix(_mark()))
        if found and not _runs(int(found[1])):
            path.unlink(missing_ok=True)


def require_writable(folder: str | os.PathLike, what: str) -> None:
    """Try the nearest existing folder now, not after an hour of training.

    Raises:
        NotADirectoryError: a file stands where a folder must.
        PermissionError: nothing can be written there.
    """
    folder = Path(folder).absolute()
    nearest = next(path for path in (folder, *folder.parents) if path.exists())
    if not nearest.is_dir():
        raise NotADirectoryError(f"{what} needs a folder, got the file {nearest}; name another")
    probe = nearest / f"{_mark()}{os.getpid()}-{secrets.token_hex(4)}"
    try:
        probe.touch(exist_ok=False)
        probe.unlink()
    except OSError as error:
        raise PermissionError(
            f"{what} needs a folder that can be written, got {nearest} ({error.strerror}); "
            "name another"
        ) from None


def _mark() -> str:
    return f".writing-{re.sub('[^A-Za-z0-9]', '', platform.node())[:40]}-"


def _runs(process: int) -> bool:
    if os.name != "posix":
        return True  # there a signal of 0 would end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
