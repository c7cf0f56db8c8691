"""Tokens in the admin: made, shown once, revoked. They are not changed, and never deleted."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone

from integrations.catalogue.admin.base import LooksAgain
from integrations.catalogue.models import Sdk
from matrix.review.kinds import kind_of, subject_of
from matrix.review.models import Channel
from matrix.sdk.channel import KIND
from portal.accounts.models import NAME_TAKEN, Token
from portal.accounts.tokens import check_expiry, give_secret, revoke

EVERYTHING = "everything"
SHOWN = ("name", "reads", "state", "ending", "created", "last_used_at", "expires_on", "revoked")


class TokenForm(forms.ModelForm):
    """What a token is for has to be said: everything is a choice, not what stands there already."""

    read = forms.ChoiceField(
        label="For",
        help_text="The SDK or application whose files it may read. An application is listed "
        "from its first run on.",
    )

    class Meta:
        model = Token
        fields = ("name", "expires_on")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Choose"), *_subjects(), (EVERYTHING, "Everything: each SDK, application")]
        self.fields["read"].choices = choices  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        """The form knows nothing of revoking, and so leaves out the constraint of the model."""
        name: str = self.cleaned_data["name"]
        if Token.objects.not_revoked().filter(name=name).exists():
            raise forms.ValidationError(NAME_TAKEN)
        return name

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        check_expiry(found.get("expires_on"), today=timezone.now().date())
        return found

    @property
    def channel(self) -> Channel | None:
        """What was chosen; its channel is made where nothing of it was computed yet."""
        chosen: str = self.cleaned_data["read"]
        if chosen == EVERYTHING:
            return None
        kind, _, slug = chosen.partition(":")
        return Channel.objects.get_or_create(kind=kind, slug=slug)[0]


def _subjects() -> list[tuple[str, str]]:
    found = {f"{KIND}:{slug}": f"SDK {slug}" for slug in Sdk.objects.values_list("slug", flat=True)}
    for channel in Channel.objects.exclude(kind=KIND):
        if subject_of(channel):
            noun = kind_of(channel).noun
            found[f"{channel.kind}:{channel.slug}"] = f"{noun.capitalize()} {channel.slug}"
    return sorted(found.items(), key=lambda one: (one[0].split(":")[0] != KIND, one[1]))


class WorksFilter(admin.SimpleListFilter):
    title = "whether it works"
    parameter_name = "works"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Works"), ("no", "Expired or revoked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        over = Q(revoked_at__isnull=False) | Q(expires_on__lte=timezone.now().date())
        match self.value():
            case "yes":
                return queryset.exclude(over)
            case "no":
                return queryset.filter(over)
        return queryset


@admin.register(Token)
class TokenAdmin(LooksAgain):
    form = TokenForm
    fields = ("name", "read", "expires_on")
    list_display = ("name", "reads", "state", "ending", "created", "last_used_at", "expires_on")
    list_filter = (WorksFilter,)
    list_select_related = ("channel", "created_by")
    search_fields = ("name", "channel__slug", "created_by__username")
    search_help_text = "Name, SDK, application or person."
    ordering = ("-created_at", "-pk")
    actions = ("revoke_tokens",)

    def has_delete_permission(self, request: HttpRequest, obj: Token | None = None) -> bool:
        return False  # Revoked ones tell who could read what.

    def get_fields(self, request: HttpRequest, obj: Token | None = None) -> tuple[str, ...]:
        return SHOWN if obj else tuple(self.fields or ())

    def get_readonly_fields(
        self, request: HttpRequest, obj: Token | None = None
    ) -> tuple[str, ...]:
        return SHOWN if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj:
            kwargs["form"] = forms.ModelForm
        return super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        assert isinstance(request.user, User)
        if change:  # No field can be changed: the one button below them revokes.
            revoke(obj, by=request.user, at=timezone.now())
            return
        obj.channel = form.channel
        obj.shown_once = give_secret(obj, by=request.user, at=timezone.now())
        super().save_model(request, obj, form, change)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Show the secret in this answer alone: a message would be kept in a cookie."""
        context = {
            **self.admin_site.each_context(request),
            "title": f"Token {obj.name}",
            "opts": self.opts,
            "token": obj,
            "secret": obj.shown_once,
        }
        return TemplateResponse(request, "admin/accounts/token/made.html", context)

    def response_change(self, request: HttpRequest, obj: Token) -> HttpResponse:
        self.message_user(request, f"The token “{obj}” is revoked.", messages.SUCCESS)
        return self.response_post_save_change(request, obj)

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> Any:
        return super().construct_change_message(request, form, formsets, add) if add else "Revoked."

    @admin.display(description="for", ordering="channel__slug")
    def reads(self, token: Token) -> str:
        return token.whose()

    @admin.display(description="state", ordering="revoked_at")
    def state(self, token: Token) -> str:
        return token.state(timezone.now().date())

    @admin.display(description="made", ordering="created_at")
    def created(self, token: Token) -> str:
        return f"{token.created_at:%Y-%m-%d} by {token.created_by}"

    @admin.display(description="revoked")
    def revoked(self, token: Token) -> str:
        return f"{token.revoked_at:%Y-%m-%d} by {token.revoked_by}" if token.revoked_at else "no"

    @admin.action(description="Revoke", permissions=["change"])
    def revoke_tokens(self, request: HttpRequest, tokens: QuerySet[Token]) -> None:
        assert isinstance(request.user, User)
        at = timezone.now()
        done = [one.name for one in tokens if revoke(one, by=request.user, at=at)]
        if done:
            self.message_user(request, f"Revoked: {', '.join(done)}.", messages.SUCCESS)
        else:
            self.message_user(request, "These were revoked before.", messages.WARNING)
