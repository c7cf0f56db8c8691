import pytest
from django.contrib.auth.models import AnonymousUser, Group, User
from django.core.exceptions import PermissionDenied

from matrix.review.permissions import groups_with, require

pytestmark = pytest.mark.django_db


def ana(*groups: str, is_active: bool = True) -> User:
    user = User.objects.create_user("ana", is_active=is_active)
    user.groups.set(Group.objects.filter(name__in=groups))
    return user


def test_who_has_the_permission_may() -> None:
    require(ana("reviewers"), "review.publish", "publish proposal 12")


def refusal(user: User | AnonymousUser, permission: str = "review.publish") -> str:
    with pytest.raises(PermissionDenied) as refused:
        require(user, permission, "publish proposal 12")
    return str(refused.value)


def test_who_lacks_the_permission_is_told_which_groups_have_it() -> None:
    assert refusal(ana("viewers", "maintainers")) == (
        "ana may not publish proposal 12: that takes the permission review.publish, "
        "which the group reviewers or owners has. Ask an owner."
    )


def test_a_permission_that_no_group_has_is_for_administrators() -> None:
    assert refusal(ana("owners"), "review.delete_publication") == (
        "ana may not publish proposal 12: that takes the permission review.delete_publication, "
        "which only administrators have. Ask an owner."
    )


def test_an_account_that_is_switched_off_may_nothing() -> None:
    assert refusal(ana("owners", is_active=False)) == (
        "ana may not publish proposal 12: the account is switched off."
    )


def test_somebody_without_a_login_may_nothing() -> None:
    assert refusal(AnonymousUser()).startswith(
        "Somebody without a login may not publish proposal 12: "
    )


def test_the_group_that_may_do_least_is_named_first() -> None:
    assert groups_with("review.view_run") == ["viewers", "reviewers", "maintainers", "owners"]
