"""What can be wrong with an answer of an index. Every message is a sentence for people."""


class IndexUnavailable(Exception):
    """No usable answer: a time-out, a connection error or a server error. Try later."""


class ProjectNotFound(Exception):
    """The index has no such project or file. Trying again will not help."""


class IndexDataError(Exception):
    """The index answered with something that cannot be read; *where* says in which place."""

    def __init__(self, message: str, *, where: str = "") -> None:
        super().__init__(f"{where}: {message}" if where else message)
        self.where = where
