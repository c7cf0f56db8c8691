from tests.pages.conftest import (
    as_,
    invalid_variables_are_marked,
    opened,
    passwords_are_hashed_fast,
)
from tests.rules import conftest as laws

__all__ = ["as_", "invalid_variables_are_marked", "laws", "opened", "passwords_are_hashed_fast"]
