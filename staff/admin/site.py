"""The dashboard's site: who gets in, and the pages around the lists."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from loyalty.web.requests import signed_in
from staff.admin.powers import powers_of, zone_of
from staff.admin.unfold_parts import AdminSite

SECOND_FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
_TABLES_ASIDE = "_dashboard_tables_aside"
View = Callable[..., HttpResponseBase]


class PartnerSite(AdminSite):
    """Lets in managers with a second factor; to anybody else there is nothing here."""

    site_title = gettext_lazy("Dashboard")
    site_header = gettext_lazy("Dashboard")
    index_title = gettext_lazy("Overview")
    index_template = "admin/dashboard.html"
    enable_nav_sidebar = True

    def __init__(self, name: str) -> None:
        super().__init__(name)
        # Pages that are about no one table; each module adds its own when it is imported.
        self.own_pages: list[URLPattern] = []

    def get_urls(self) -> list[Any]:
        """Return our own pages before those of the tables."""
        return [*self.own_pages, *super().get_urls()]

    def own_context(self, request: HttpRequest) -> dict[str, Any]:
        """Return what is around a page that is about no one table.

        The list of all tables, which no page of ours shows, is not made for it.
        """
        setattr(request, _TABLES_ASIDE, True)
        return self.each_context(request)

    def index(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the first page, whose menus are our own."""
        setattr(request, _TABLES_ASIDE, True)
        return super().index(request, extra_context)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the tables that the person may see, unless the page asked for none."""
        if getattr(request, _TABLES_ASIDE, False):
            return []
        found: list[Any] = super().get_app_list(request, app_label)
        return found

    def admin_view(self, view: View, cacheable: bool = False) -> View:  # type: ignore[override]
        """Return the view behind the gate."""
        guarded = super().admin_view(view, cacheable)

        def gate(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if away := turned_away(request):
                return away
            # What a page shows and what a form is told are on the clock of the business.
            with timezone.override(zone_of(request)):
                response = guarded(request, *args, **kwargs)
                return response.render() if isinstance(response, TemplateResponse) else response

        return update_wrapper(gate, view)

    def has_permission(self, request: HttpRequest) -> bool:
        """Return whether this person manages anything."""
        return powers_of(request).may_enter

    def login(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Lead to the product's own sign-in; there is only one."""
        target = request.GET.get("next") or reverse("admin:index")
        return redirect_to_login(target, reverse("account_login"))

    def logout(self, request: HttpRequest, extra_context: Any = None) -> TemplateResponse:
        """Lead to the product's own sign-out, which also forgets what the device keeps."""
        return redirect("account_logout")  # type: ignore[return-value]  # a redirect serves as well

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Lead to the product's own page for passwords."""
        return redirect("account_change_password")

    def password_change_done(
        self,
        request: HttpRequest,
        extra_context: Any = None,
    ) -> Any:
        """Lead to the product's own page for passwords."""
        return redirect("account_change_password")

    def search(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Refuse the theme's search over all tables; every list has its own."""
        raise Http404


def turned_away(request: HttpRequest) -> HttpResponse | None:
    """Return the answer for somebody who may not see the dashboard, or None for who may."""
    if any("\x00" in value for values in request.GET.lists() for value in values[1]):
        raise BadRequest
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), reverse("account_login"))
    if not powers_of(request).may_enter:
        raise Http404
    return _second_factor(request) if settings.ADMIN_NEEDS_SECOND_FACTOR else None


def _second_factor(request: HttpRequest) -> HttpResponse | None:
    """Return the way to a second factor unless this session has shown one."""
    user = signed_in(request)
    if any(record["method"] == "mfa" for record in get_authentication_records(request, user)):
        return None
    kinds = set(
        Authenticator.objects.filter(user=user, type__in=SECOND_FACTORS).values_list(
            "type", flat=True
        )
    )
    if not kinds:
        messages.warning(
            request,
            _("The dashboard needs a second step at sign-in. Set one up, then open it again."),
        )
        return redirect("mfa_index")
    by_code = Authenticator.Type.TOTP in kinds
    name = "mfa_reauthenticate" if by_code else "mfa_reauthenticate_webauthn"
    return redirect(f"{reverse(name)}?{urlencode({'next': request.get_full_path()})}")


site = PartnerSite(name="admin")
site.disable_action("delete_selected")
