"""What all pages of the catalogue share: who, when, what and why of each change."""

from collections.abc import Iterator, Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth.models import User
from django.contrib.messages.storage import default_storage
from django.db import IntegrityError
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.forms import BaseInlineFormSet, ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from simple_history.admin import SimpleHistoryAdmin

from integrations.catalogue.confirming import ask
from integrations.catalogue.models.base import SecondPerson
from integrations.catalogue.models.sdk import change_reason
from integrations.catalogue.validators import validate_line

LONGEST_KEY = 18  # Digits that a column of keys takes.


class ReasonForm(ModelForm):
    """A form that asks why; the history keeps the answer."""

    change_reason = forms.CharField(
        label="Reason for the change",
        required=False,
        max_length=300,
        validators=[validate_line],
        widget=forms.TextInput(attrs={"class": "vTextField"}),
        help_text="Kept in the history: 0.29 renames the transport classes.",
    )


class Suggestions(AutocompleteSelect):
    """A field that suggests rows. Django's own asks the database for keys that no row can have."""

    def optgroups(
        self, name: str, value: Sequence[str], attrs: dict[str, Any] | None = None
    ) -> Any:
        return super().optgroups(name, [key for key in value if key_of(key) is not None], attrs)


class OwnerFilter(admin.AllValuesFieldListFilter):
    """Gives the link to what nobody owns a name."""

    def choices(self, changelist: Any) -> Iterator[Any]:
        for choice in super().choices(changelist):
            yield {**choice, "display": choice["display"] or "Nobody"}


class LooksAgain(admin.ModelAdmin):
    """
    Answers somebody who was overtaken with the form and the sentence of the field.

    A form is checked before it is saved, and in between somebody else may save the same name. The
    table refuses the second one then, and once the first one is there to be seen, so does the form.
    """

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        view = super().changeform_view
        try:
            return view(request, object_id, form_url, extra_context)
        except IntegrityError:
            # What the first attempt said ("was added") was said too early.
            request._messages = default_storage(request)  # type: ignore[attr-defined]  # noqa: SLF001
            return view(request, object_id, form_url, extra_context)


class CatalogueAdmin(LooksAgain, SimpleHistoryAdmin):
    """Saves each row with the reason for the change, and notes who asks for what needs two."""

    form = ReasonForm
    list_per_page = 100
    save_on_top = True

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", Suggestions(db_field, self.admin_site))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        _note(obj, form, request, _reason(form))
        super().save_model(request, obj, form, change)  # type: ignore[no-untyped-call]

    def save_formset(
        self, request: HttpRequest, form: Any, formset: BaseInlineFormSet, change: bool
    ) -> None:
        reason = _reason(form)
        formset.save(commit=False)
        for row in formset.deleted_objects:
            change_reason(row, reason)
            row.delete()
        changed = [*formset.new_objects, *(row for row, _ in formset.changed_objects)]
        for inline in formset.forms:
            if any(inline.instance is row for row in changed):
                _note(inline.instance, inline, request, reason)
                inline.instance.save()
        formset.save_m2m()

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if key_of(object_id) is None:
            raise Http404(f"No row has the number {object_id!r}.")
        response: HttpResponse = super().history_view(  # type: ignore[no-untyped-call]
            request, object_id, extra_context
        )
        return response

    def history_form_view(
        self,
        request: HttpRequest,
        object_id: str,
        version_id: str,
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if key_of(object_id) is None or key_of(version_id) is None:
            raise Http404(f"No row has a state of the number {version_id!r}.")
        response: HttpResponse = super().history_form_view(  # type: ignore[no-untyped-call]
            request, object_id, version_id, extra_context
        )
        return response


def _reason(form: Any) -> str:
    return str(form.cleaned_data.get("change_reason", ""))


def _note(row: Model, form: Any, request: HttpRequest, reason: str) -> None:
    if reason:
        change_reason(row, reason)
    if isinstance(row, SecondPerson) and (
        row.pk is None or set(row.approved_fields) & set(form.changed_data)
    ):
        assert isinstance(request.user, User)
        ask(row, by=request.user)


def key_of(text: object) -> int | None:
    """Read a primary key out of an address; None where no row can have it."""
    found = str(text)
    return int(found) if found.isdecimal() and len(found) <= LONGEST_KEY else None


def count_of(rows: QuerySet, key: str) -> Coalesce:
    """Count *rows* by their *key* in a subquery: joins of several tables would multiply."""
    counted = rows.filter(**{key: OuterRef("pk")}).order_by().values(key)
    return Coalesce(Subquery(counted.annotate(found=Count("pk")).values("found")), 0)
