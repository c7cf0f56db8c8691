"""
The preview beside the form of an integration.

The very form and tables of the admin are filled with what was typed and checked as for saving;
then, instead of saving them, the page says what saving would do.
"""

from collections.abc import Iterable, Iterator
from copy import copy
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import RequestDataTooBig
from django.db.models import Model
from django.forms import BaseInlineFormSet, BaseModelForm
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.text import capfirst
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from integrations.catalogue.admin.inlines import kept_forms
from integrations.catalogue.confirming import ask as ask_anew
from integrations.catalogue.models import (
    DependencyRule,
    Hold,
    Integration,
    PinnedPick,
    PythonRestriction,
)
from integrations.catalogue.models.base import SecondPerson
from matrix.sdk.drafting import Draft, Entry
from portal.home.previews import (
    Mistake,
    Panel,
    ask_for_facts,
    empty_panel,
    invalid_panel,
    panel_of,
)

PREVIEW, ASK = "_preview", "_ask"  # The names of the buttons.
MOST_ROWS = 200  # Of one table; each is checked against the database.


class NeverSaved(forms.ModelForm):
    """Finds all mistakes, and yet is never good enough to be saved."""

    def is_valid(self) -> bool:
        super().is_valid()
        return False


def is_preview(request: HttpRequest) -> bool:
    return request.method == "POST" and bool({PREVIEW, ASK} & request.POST.keys())


def refuse_long_tables(request: HttpRequest) -> None:
    """Look at what a preview would cost before it is made; anybody may ask every half second."""
    counts = (str(value) for name, value in request.POST.items() if name.endswith("-TOTAL_FORMS"))
    if any(count.isdecimal() and int(count[:9]) > MOST_ROWS for count in counts):
        raise RequestDataTooBig(f"A preview looks at {MOST_ROWS} rows of a table at most.")


class PreviewedAdmin(admin.ModelAdmin):
    """Shows a preview on the pages that add and change an integration."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(never_cache(require_POST(self.show_preview)))
        return [
            path("add/preview/", view, name="catalogue_integration_add_preview"),
            path("<path:object_id>/preview/", view, name="catalogue_integration_preview"),
            *super().get_urls(),
        ]

    def show_preview(self, request: HttpRequest, object_id: str | None = None) -> HttpResponse:
        """Answer a script with the part of the page that follows from the form."""
        if not is_preview(request):
            raise Http404("A preview is asked for with the whole form.")
        response = self.changeform_view(request, object_id)
        if not isinstance(response, TemplateResponse):
            raise Http404("This integration is not there any more.")
        panel = (response.context_data or {})["panel"]
        return render(request, "preview/_panel.html", {"panel": panel})

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        return type("NeverSaved", (NeverSaved, form), {}) if is_preview(request) else form

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        context = {"is_nav_sidebar_enabled": False, **(extra_context or {})}
        if is_preview(request):
            refuse_long_tables(request)
            # Without the transaction of the public method, which would lock out all who write.
            view: Any = self._changeform_view  # type: ignore[attr-defined]
            response = view(request, object_id, form_url, context)
        else:
            response = super().changeform_view(request, object_id, form_url, context)
        return self._with_panel(request, response)

    def _with_panel(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        """Add the panel to a page that shows the form; anything else is passed on."""
        context = response.context_data if isinstance(response, TemplateResponse) else None
        if context and "adminform" in context and not context["is_popup"]:
            tables = [each.formset for each in context["inline_admin_formsets"]]
            context["panel"] = self._panel(request, context["adminform"].form, tables)
        return response

    def _panel(
        self, request: HttpRequest, form: BaseModelForm, tables: list[BaseInlineFormSet]
    ) -> Panel:
        if mistakes := [*_mistakes_in(form), *_mistakes_in_tables(tables)]:
            return invalid_panel(mistakes)
        integration = form.instance
        if not form.is_bound and integration.pk is None:
            integration = self._filled_in_advance(request)
        if integration is None:
            return empty_panel()
        draft = _draft(integration, tables)
        at = now()
        if request.method == "POST" and ASK in request.POST:
            ask_for_facts(draft, at=at)
        return panel_of(draft, at=at)

    def _filled_in_advance(self, request: HttpRequest) -> Integration | None:
        """Return the integration of an empty form to which a link gave values, if they do."""
        form = self.get_form(request)(self.get_changeform_initial_data(request))
        return form.instance if form.is_valid() else None


def _mistakes_in(form: BaseModelForm, prefix: str = "") -> Iterator[Mistake]:
    for name, errors in (form.errors if form.is_bound else {}).items():
        is_field = name in form.fields
        label = capfirst(str(form.fields[name].label)) if is_field else "the form"
        yield Mistake(
            label=f"{prefix}: {label}" if prefix else label,
            field=form[name].auto_id if is_field else "",
            text=" ".join(map(str, errors)),
        )


def _mistakes_in_tables(tables: Iterable[BaseInlineFormSet]) -> Iterator[Mistake]:
    for table in tables:
        if not table.is_bound or table.is_valid():
            continue
        kind = capfirst(str(_model_of(table)._meta.verbose_name))
        for text in table.non_form_errors():
            yield Mistake(label=f"{kind}s", field="", text=str(text))
        for number, form in enumerate(table.forms, start=1):
            yield from _mistakes_in(form, prefix=f"{kind} {number}")


def _draft(integration: Integration, tables: Iterable[BaseInlineFormSet]) -> Draft:
    by_model = {_model_of(table): table for table in tables}
    return Draft(
        integration=integration,
        rules=_entries(by_model.get(DependencyRule)),
        restrictions=_entries(by_model.get(PythonRestriction)),
        pinned_picks=_entries(by_model.get(PinnedPick)),
        holds=_entries(by_model.get(Hold)),
    )


def _model_of(table: BaseInlineFormSet) -> type[Model]:
    assert table.model is not None  # Django makes a class with one for each table.
    return table.model


def _entries(table: BaseInlineFormSet | None) -> tuple[Entry[Any], ...]:
    """Return the rows that would stand, as they would be saved."""
    if table is None:
        return ()
    if not table.is_bound:
        shown = [form for form in table.forms if form.instance.pk is not None]
    else:
        shown = list(kept_forms(table))
    return tuple(Entry(row=_as_saved(form), field=str(form.prefix)) for form in shown)


def _as_saved(form: BaseModelForm) -> Model:
    """Return the row of *form*; what a second person approved before it was changed is void."""
    row: Model = form.instance
    changed = set(form.changed_data) if form.is_bound else set()
    if isinstance(row, SecondPerson) and set(row.approved_fields) & changed:
        row = copy(row)
        ask_anew(row, by=None)
    return row
