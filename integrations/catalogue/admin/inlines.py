"""The tables inside the form of an integration, and what they must not say together."""

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.forms import BaseInlineFormSet, ModelForm
from django.utils import timezone
from django.utils.text import capfirst
from packaging.version import Version

from integrations.catalogue.models import (
    DependencyRule,
    Group,
    Hold,
    PinnedPick,
    PythonRestriction,
)
from integrations.catalogue.models.rules import check_version
from integrations.catalogue.portable import STEP

LAST = 9999  # What the column of an order takes.


def kept_forms(formset: BaseInlineFormSet) -> Iterator[ModelForm]:
    """Return the forms that will stand after saving: filled in, valid, and not to be deleted."""
    for form in formset.forms:
        is_filled = form.instance.pk is not None or form.has_changed()
        if is_filled and form.is_valid() and not form.cleaned_data.get("DELETE"):
            yield form


class NamedFormSet(BaseInlineFormSet):
    """Each field says its name and its row: what stands above the column is not heard in it."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        row = str(form.instance._meta.verbose_name)
        place = f"new {row}" if index is None else f"{row} {index + 1}"
        for field in form.fields.values():
            if not field.widget.is_hidden:
                field.widget.attrs["aria-label"] = f"{capfirst(str(field.label))}, {place}"


class OrderedFormSet(NamedFormSet):
    """A row without an order comes last: nobody has to think of a number."""

    def add_fields(self, form: Any, index: int | None) -> None:
        super().add_fields(form, index)
        form.fields["order"].required = False
        if form.instance.pk is None:
            form.fields["order"].initial = None
            form.initial.pop("order", None)

    def clean(self) -> None:
        super().clean()
        forms = list(kept_forms(self))
        known = [form.cleaned_data["order"] for form in forms]
        last = max((order for order in known if order is not None), default=0)
        for form in forms:
            if form.cleaned_data["order"] is None:
                last = min(last + STEP, LAST)
                form.instance.order = last


class PinnedPicksFormSet(NamedFormSet):
    # The holds of the same form, which the database does not know yet. The admin page sets it.
    holds: BaseInlineFormSet | None = None

    def clean(self) -> None:
        super().clean()
        seen: set[Version] = set()
        for form in kept_forms(self):
            text = form.instance.version
            if not check_version(text):
                continue
            if Version(text) in seen:
                form.add_error("version", f"{text} is pinned twice in this form.")
            seen.add(Version(text))
            for hold in self._holds():
                if hold.matches(text):
                    form.add_error("version", f"{text} is held back in this form ({hold.reason}).")

    def _holds(self) -> list[Hold]:
        today = timezone.now().date()
        forms = kept_forms(self.holds) if self.holds is not None else ()
        return [form.instance for form in forms if not form.instance.has_ended(today)]


class SmallTable(admin.TabularInline):
    """Fields as wide as what is typed into them."""

    formset = NamedFormSet
    extra = 0
    show_change_link = True
    sizes: dict[str, int] = {}

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name in self.sizes:
            size = {"size": self.sizes[db_field.name], "class": ""}
            field.widget.attrs.update(size)
        if db_field.name == "requirements" and field is not None:
            field.widget.attrs.update({"rows": 3, "cols": 36, "class": ""})
        return field


class DependencyRules(SmallTable):
    model = DependencyRule
    formset = OrderedFormSet
    fields = ("order", "releases", "pythons", "free_threading", "requirements", "reason")
    ordering = ("order", "pk")
    sizes = {"order": 4, "releases": 14, "pythons": 10, "reason": 28}
    verbose_name_plural = "Dependency rules: what is installed beside the project"


class PythonRestrictions(SmallTable):
    model = PythonRestriction
    formset = OrderedFormSet
    fields = ("order", "releases", "pythons", "reason")
    ordering = ("order", "pk")
    sizes = {"order": 4, "releases": 14, "pythons": 14, "reason": 40}
    verbose_name_plural = "Python restrictions: the first that matches a release decides"


class PinnedPicks(SmallTable):
    model = PinnedPick
    formset = PinnedPicksFormSet
    fields = ("version", "skips_cooldown", "reason", "approved_by")
    readonly_fields = ("approved_by",)
    ordering = ("pk",)
    sizes = {"version": 12, "reason": 50}
    verbose_name_plural = "Pinned picks: always tested"


class Holds(SmallTable):
    model = Hold
    fields = (
        "releases",
        "reason",
        "owner",
        "link",
        "starts_on",
        "ends_on",
        "remind_on",
        "lift_when",
        "lift_project",
        "lift_releases",
    )
    ordering = ("pk",)
    sizes = {
        "releases": 14,
        "reason": 36,
        "owner": 14,
        "link": 24,
        "lift_project": 14,
        "lift_releases": 10,
    }
    verbose_name_plural = "Holds: releases that are kept out"


class Groups(SmallTable):
    model = Group
    formset = OrderedFormSet
    fields = ("order", "name", "services")
    ordering = ("order", "name")
    sizes = {"order": 4, "name": 24, "services": 36}
    verbose_name_plural = "Groups: the headings of the tox.ini, and one CI workflow each"


def let_picks_see_holds(formsets: list[Any]) -> None:
    """Let the formset of pinned picks see the holds of the same form."""
    holds = next((each for each in formsets if each.model is Hold), None)
    for formset in formsets:
        if isinstance(formset, PinnedPicksFormSet):
            formset.holds = holds
