"""All addresses of this site."""

from django.urls import URLPattern, URLResolver, include, path

from staff.admin.site import site as dashboard

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("loyalty.wallet.site_urls")),
    path("wallet/", include("loyalty.wallet.urls")),
    path("staff/", include("staff.urls")),
    path("admin/", dashboard.urls),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("loyalty.web.urls")),
]
