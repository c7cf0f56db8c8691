"""What somebody chose on a page of guidance, read from its address."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django import forms

from portal.guidance.generating.choice import PLATFORMS, TOOLS, UPSUN_PYTHONS
from portal.guidance.models import Application, Platform, Tool

PYTHONS = UPSUN_PYTHONS
NAME = "portal"  # Of what has no application yet.
YES, NO = "yes", "no"
SWITCHES = {
    "is_django": "Its static files are collected in the build and its database is migrated when it "
    "is deployed.",
    "locks_tool": "The program that installs is locked with hashes as well, with all that it "
    "needs.",
    "installs_pylock": "pip installs from pylock.toml (PEP 751), not from requirements/main.txt. "
    "pip calls this experimental; the other tools do not do it.",
}
CHOSEN = ("tool", "platform", "python")
OPTIONS = (
    *CHOSEN,
    "slug",
    "start_command",
    "environment_path",
    "is_django",
    "test_command",
    "index_url",
    "cooldown_days",
    "locks_tool",
    "installs_pylock",
    "base_image",
)


def _switch(words: str) -> forms.TypedChoiceField:
    """A choice, not a tick: an address that says nothing means the default, not "no"."""
    return forms.TypedChoiceField(
        label=words, choices=[(YES, "Yes"), (NO, "No")], coerce=lambda value: value == YES
    )


class OptionsForm(forms.ModelForm):
    """The options of an application that nobody saved: what the model refuses is refused here."""

    python = forms.ChoiceField(label="Python", choices=[(each, each) for each in reversed(PYTHONS)])
    is_django = _switch("A Django site")
    locks_tool = _switch("Lock the tool too")
    installs_pylock = _switch("Install pylock.toml")

    class Meta:
        model = Application
        fields = OPTIONS
        labels = {"slug": "Name"}
        help_texts = {
            "slug": "Names the project, the folder in an image, the application of Upsun.",
            "environment_path": "Where the environment is made, empty on each build: .venv, "
            "build/env, or /opt/shop where it is not Upsun.",
            "index_url": "A simple index: https://packages.example.org/simple/. "
            "Empty: the default of the tool.",
        }

    def __init__(self, values: Mapping[str, str]) -> None:
        known = {"tool": TOOLS, "platform": PLATFORMS, "python": PYTHONS}
        given = {name: values[name] for name in OPTIONS if name in values}
        offered = {
            name: value
            for name, value in given.items()
            if name not in known or value in known[name]
        }
        super().__init__({**defaults(), **offered}, auto_id="%s", label_suffix="")
        for name, text in SWITCHES.items():
            self.fields[name].help_text = text

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        if found.get("installs_pylock") and found.get("tool") != Tool.PIP.value:
            self.add_error(
                "installs_pylock", "Only pip installs pylock.toml. Choose pip, or answer no."
            )
        return found

    def validate_unique(self) -> None:
        """Nothing is saved: an application may have the same name."""

    @property
    def main_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in CHOSEN]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in OPTIONS if name not in CHOSEN]

    @property
    def is_changed(self) -> bool:
        """Whether an option beside tool, platform and Python says something else than usual."""
        usual = defaults()
        return any(self.data[name] != usual[name] for name in usual if name not in CHOSEN)


def defaults() -> dict[str, str]:
    """Return what the form says where an address says nothing."""
    usual = Application(slug=NAME)
    found = {name: getattr(usual, name) for name in OPTIONS}
    return {
        name: (YES if value else NO) if name in SWITCHES else str(value)
        for name, value in found.items()
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """An application, saved or not, and the tool, platform and Python that are looked at."""

    application: Application
    tool: str
    platform: str
    python: str
    form: OptionsForm | None = None  # None: the application is saved, and says the rest.

    @classmethod
    def of(cls, application: Application, values: Mapping[str, str]) -> "Asked":
        """Take what the form offers out of *values*; anything else is the application's own."""
        pythons = (*PYTHONS, application.python)
        return cls(
            application=application,
            tool=_one_of(values.get("tool", ""), TOOLS, application.tool),
            platform=_one_of(values.get("platform", ""), PLATFORMS, application.platform),
            python=_one_of(values.get("python", ""), pythons, application.python),
        )

    @classmethod
    def without_application(cls, values: Mapping[str, str]) -> "Asked":
        form = OptionsForm(values)
        form.is_valid()
        one = form.instance
        return cls(
            application=one,
            tool=form.data["tool"],
            platform=form.data["platform"],
            python=form.data["python"],
            form=form,
        )

    @property
    def is_saved(self) -> bool:
        return self.application.pk is not None

    @property
    def is_valid(self) -> bool:
        return self.form is None or self.form.is_valid()

    @property
    def differences(self) -> list[str]:
        """What is looked at and is not the application's own, in words."""
        if not self.is_saved:
            return []
        own = self.application
        pairs = (
            ("Python", self.python, own.python),
            ("tool", Tool(self.tool).label, Tool(own.tool).label),
            ("platform", Platform(self.platform).label, Platform(own.platform).label),
        )
        return [f"{word} {here}, not {there}" for word, here, there in pairs if here != there]

    @property
    def query(self) -> str:
        """The address of the same answer: what is usual is left out."""
        found = {name: getattr(self, name) for name in CHOSEN}
        if self.form is not None:
            usual, data = defaults(), self.form.data
            found |= {name: data[name] for name in usual if data[name] != usual[name]}
        return urlencode(found)

    @property
    def prefilled(self) -> str:
        """What the form of a new application begins with, as the admin reads it."""
        data = self.form.data if self.form else {}
        return urlencode(
            {
                name: ("1" if value == YES else "") if name in SWITCHES else value
                for name, value in data.items()
            }
        )


def _one_of(value: str, known: tuple[str, ...], default: str) -> str:
    return value if value in known else default


def choices(asked: Asked) -> dict[str, list[tuple[str, str]]]:
    """Return what the form of an application offers: values and words."""
    pythons = dict.fromkeys([*reversed(PYTHONS), asked.application.python])
    return {
        "tools": [(str(value), str(label)) for value, label in Tool.choices],
        "platforms": [(str(value), str(label)) for value, label in Platform.choices],
        "pythons": [(python, python) for python in pythons],
    }
