"""Whether this process lives, and whether it can serve."""

from datetime import timedelta

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from django_q.models import OrmQ

from loyalty.ledger import triggers

OLDEST_TASK = timedelta(minutes=5)


@never_cache
@require_GET
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer that the process is alive; no database."""
    return HttpResponse("alive", content_type="text/plain")


@never_cache
@require_GET
def readyz(_request: HttpRequest) -> JsonResponse:
    """Answer 200 if the database, its schema and its triggers are ready, else 503.

    A late queue is said, but only degrades.
    """
    checks = {"database": False, "migrations": False, "triggers": False, "queue": False}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        checks["database"] = True
        executor = MigrationExecutor(connection)
        checks["migrations"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        checks["triggers"] = not triggers.missing(connection)
        oldest = OrmQ.objects.order_by("lock", "pk").values_list("lock", flat=True).first()
        checks["queue"] = oldest is None or oldest > timezone.now() - OLDEST_TASK
    except DatabaseError:
        pass
    is_ready = checks["database"] and checks["migrations"] and checks["triggers"]
    return JsonResponse({"ready": is_ready, **checks}, status=200 if is_ready else 503)
