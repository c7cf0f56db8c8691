from tests.sdk.conftest import index

__all__ = ["index"]
