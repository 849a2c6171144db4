"""What can go wrong while servers and services are started; every message names what to do."""


class OperatingError(Exception):
    """Raised when the machine cannot be brought up; the message is for the operator and is shown as it is."""


class AlreadyRunning(OperatingError):
    """Raised when another process of this checkout holds the data folder."""


class ServerUnavailable(OperatingError):
    """Raised when no binary of a needed server is installed or it may not be run."""


class ChildFailed(OperatingError):
    """Raised when a needed child process ends or stays silent at start; carries its last log lines."""

    def __init__(self, message: str, *, log_tail: tuple[str, ...] = ()) -> None:
        super().__init__("\n".join([message, *(f"    {line}" for line in log_tail)]))
        self.log_tail = log_tail
