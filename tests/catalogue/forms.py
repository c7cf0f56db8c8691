"""What a browser sends back from a form of the admin."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.forms import BaseForm
from django.test import Client
from django.utils.html import strip_tags


def filled(browser: Client, url: str, **changes: object) -> dict[str, str]:
    """Return the fields of the form at *url* as they are shown, with *changes*."""
    context = browser.get(url).context
    sent = dict(_values(context["adminform"].form))
    for each in context["inline_admin_formsets"]:
        sent |= dict(_values(each.formset.management_form))
        for form in each.formset.forms:
            sent |= dict(_values(form))
    return sent | {key: str(value) for key, value in changes.items()}


def row(prefix: str, index: int, values: Mapping[str, object]) -> dict[str, str]:
    """Return one new row of an inline table, and the count that goes with it."""
    fields = {f"{prefix}-{index}-{key}": str(value) for key, value in values.items()}
    return {f"{prefix}-TOTAL_FORMS": str(index + 1), f"{prefix}-{index}-id": "", **fields}


def _values(form: BaseForm) -> Iterator[tuple[str, str]]:
    for field in form:
        value: Any = field.value()
        if value is True:
            yield field.html_name, "on"
        elif value is not None and value is not False:
            yield field.html_name, str(getattr(value, "pk", value))


def mistakes(response: Any) -> list[str]:
    """Return every sentence with which a form was refused."""
    found = list(_errors(response.context["adminform"].form))
    for each in response.context["inline_admin_formsets"]:
        found += [strip_tags(str(error)) for error in each.formset.non_form_errors()]
        for form in each.formset.forms:
            found += _errors(form)
    return found


def _errors(form: BaseForm) -> Iterator[str]:
    for name, errors in form.errors.items():
        yield from (f"{name}: {error}" for error in errors)
