"""What operations keep: a row for each worker that runs, or that ended without saying so."""

from django.db import models


class WorkerSign(models.Model):
    """The last sign of life of one worker; its row goes when it is stopped as it should be."""

    name = models.CharField(max_length=300, unique=True)  # "host:pid" of its supervisor.
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)  # When a task last came through its processes.

    def __str__(self) -> str:
        return self.name
