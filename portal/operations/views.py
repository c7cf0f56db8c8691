from django.http import HttpRequest, JsonResponse
from django.utils.timezone import now
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.operations.health import health


@never_cache
@require_safe
def show_health(request: HttpRequest) -> JsonResponse:
    """
    Answer 200 when pages can be served, 503 when not. Needs no login, so it tells no secrets:
    the database's own words stay in the log, and "worker --check" names the silent workers.
    """
    state = health(now())
    seen_at = state.worker.last_seen_at
    return JsonResponse(
        {
            "status": "ok" if state.is_healthy else "failed",
            "worker": {
                "alive": state.worker.is_alive,
                "last_seen_at": seen_at.isoformat() if seen_at else None,
                "silent": len(state.worker.silent),
            },
        },
        status=200 if state.is_healthy else 503,
    )
