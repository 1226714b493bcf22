"""Addresses of the public pages, and of what makes the wallet installable."""

from django.urls import URLPattern, path

from loyalty.wallet import offline
from loyalty.wallet.views import site

app_name = "site"
urlpatterns: list[URLPattern] = [
    path("", site.home, name="home"),
    path("business/", site.business, name="business"),
    path("join/<key:card_id>/", site.join, name="join"),
    path("privacy/", site.privacy, name="privacy"),
    path("terms/", site.terms, name="terms"),
    path("manifest.webmanifest", offline.manifest, name="manifest"),
    path("sw.js", offline.worker, name="sw"),
]
