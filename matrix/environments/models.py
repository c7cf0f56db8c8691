"""What environments get installed. Only ``leasing.py`` and ``resolving.py`` write these tables."""

from django.db import models
from django.db.models import Q


class PinSet(models.Model):
    """All that one environment gets installed, stored once however many share it."""

    sha256 = models.CharField(max_length=64, primary_key=True)  # Of ``pins``.
    pins = models.TextField(blank=True)  # "name==version" lines by name; empty: nothing at all.
    made_at = models.DateTimeField()  # When an environment first got just these.

    def __str__(self) -> str:
        return f"pin set {self.sha256[:12]}"


class Resolution(models.Model):
    """
    The question what one environment gets, and the answer once there is one.

    A worker that works on it holds a lease; one whose lease ran out was taken for dead and cannot
    change the row any more.
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        LEASED = "leased"
        DONE = "done"
        FAILED = "failed"

    key = models.CharField(max_length=64, unique=True)  # EnvironmentRequest.key()
    index_url = models.CharField(max_length=500)
    request = models.JSONField()  # EnvironmentRequest.canonical()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING.value)
    lease_owner = models.CharField(max_length=100, blank=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # Counted when it is claimed.
    pin_set = models.ForeignKey(
        PinSet, on_delete=models.PROTECT, null=True, related_name="resolutions"
    )
    failure = models.CharField(max_length=20, blank=True)  # A Failure of ``explaining.py``.
    is_transient = models.BooleanField(default=False)  # Whoever asks next has it tried again.
    problem = models.TextField(blank=True)  # A plain sentence, then what uv said.
    seconds = models.FloatField(null=True)  # How long uv took.
    resolved_at = models.DateTimeField(null=True)
    used_at = models.DateTimeField()  # When it was last asked for.

    class Meta:
        indexes = [models.Index(fields=["state", "attempts", "id"], name="environments_waiting")]
        constraints = [
            models.CheckConstraint(
                name="environments_resolution_lease_is_whole",
                condition=Q(state="leased", lease_until__isnull=False) & ~Q(lease_owner="")
                | ~Q(state="leased") & Q(lease_owner="", lease_until__isnull=True),
            ),
            models.CheckConstraint(
                name="environments_resolution_done_has_pins",
                condition=Q(state="done", pin_set__isnull=False, resolved_at__isnull=False)
                | ~Q(state="done") & Q(pin_set__isnull=True),
            ),
            models.CheckConstraint(
                name="environments_resolution_failure_has_a_reason",
                condition=~Q(state="failed")
                | ~Q(problem="") & ~Q(failure="") & Q(resolved_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"resolution {self.key[:12]} {self.state}"
