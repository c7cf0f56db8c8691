"""The fixed choices of the catalogue. Models store the values, never the members."""

from django.db.models import IntegerChoices, TextChoices


class Prereleases(TextChoices):
    NEVER = "never", "Never"
    CANDIDATES = "rc", "Release candidates only"
    ANY = "any", "Any (alphas, betas, release candidates)"


class PinsStyle(TextChoices):
    NONE = "none", "None: the tox.ini stands alone"
    CONSTRAINTS = "constraints", "Constraint files"
    INLINE = "inline", "Inline, as toxgen writes them"


class FreeThreading(TextChoices):
    ANY = "any", "With and without"
    ONLY = "only", "Free-threaded Pythons only"
    NEVER = "never", "Never on free-threaded Pythons"


class Weekday(IntegerChoices):
    MONDAY = 1, "Monday"
    TUESDAY = 2, "Tuesday"
    WEDNESDAY = 3, "Wednesday"
    THURSDAY = 4, "Thursday"
    FRIDAY = 5, "Friday"
    SATURDAY = 6, "Saturday"
    SUNDAY = 7, "Sunday"


class LiftWhen(TextChoices):
    RELEASE_EXISTS = "release exists", "Another release exists"
    NO_LONGER_LATEST = "no longer latest", "What is held is no longer the latest"


class Standing(TextChoices):
    """Where a hold stands on a day; in the order in which lists show them."""

    ENDED = "ended", "Ended"
    OVERDUE = "overdue", "Overdue"
    NO_EFFECT = "no effect", "No effect"
    WAITING = "waiting", "Waits for a second person"
    IN_FORCE = "in force", "In force"
    LATER = "later", "Begins later"
