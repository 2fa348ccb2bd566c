"""What keeps the suite from starting, said so that the reader knows what to do next."""


class LaunchError(Exception):
    """One sentence for the terminal: what is wrong, where, and what to do about it."""


NO_SPACE = "No space left on device"
DISK_FULL = "The disk that holds {folder} is full: free some space there, then start again."


def disk_full(folder: object) -> LaunchError:
    return LaunchError(DISK_FULL.format(folder=folder))


def not_writable(folder: object, reason: OSError) -> LaunchError:
    if reason.errno is not None and reason.strerror == NO_SPACE:
        return disk_full(folder)
    return LaunchError(
        f"Cannot write in {folder} ({reason.strerror}): give yourself the right to write there, "
        "or set GUANXI_DATA_DIR to a folder of your own."
    )


def first_of(errors: BaseExceptionGroup[LaunchError]) -> LaunchError:
    """One sentence is enough: the others usually say the same."""
    error = errors.exceptions[0]
    return error if isinstance(error, LaunchError) else first_of(error)
