"""Whether this process lives, and whether it can serve."""

from datetime import timedelta
from smtplib import SMTPException

from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from django_q.models import OrmQ
from django_q.status import Stat

from loyalty.ledger import triggers

OLDEST_TASK = timedelta(minutes=5)
MAIL_KEY = "readyz.mail"


def _mail_answers() -> bool:
    """Return whether the mail server takes a connection; asked once a minute at most."""
    known: bool | None = cache.get(MAIL_KEY)
    if known is not None:
        return known
    answers = True
    try:
        server = get_connection()
        server.open()
        server.close()
    except (OSError, SMTPException, ImproperlyConfigured):
        answers = False
    cache.set(MAIL_KEY, answers, 60)
    return answers


@never_cache
@require_GET
def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer that the process is alive; no database."""
    return HttpResponse("alive", content_type="text/plain")


@never_cache
@require_GET
def readyz(_request: HttpRequest) -> JsonResponse:
    """Answer 200 if the database, its schema and its triggers are ready, else 503.

    A queue that is late or has no worker is said, as is mail, but only degrades.
    """
    checks = dict.fromkeys(("database", "migrations", "triggers", "mail", "queue"), False)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        checks["database"] = True
        executor = MigrationExecutor(connection)
        checks["migrations"] = not executor.migration_plan(executor.loader.graph.leaf_nodes())
        checks["triggers"] = not triggers.missing(connection)
        oldest = OrmQ.objects.order_by("lock", "pk").values_list("lock", flat=True).first()
        is_fresh = oldest is None or oldest > timezone.now() - OLDEST_TASK
        # Each cluster writes its heartbeat into the cache, where it lasts three seconds.
        checks["queue"] = is_fresh and bool(Stat.get_all())
        checks["mail"] = _mail_answers()
    except DatabaseError:
        pass
    is_ready = checks["database"] and checks["migrations"] and checks["triggers"]
    return JsonResponse({"ready": is_ready, **checks}, status=200 if is_ready else 503)
