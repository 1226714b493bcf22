"""Addresses that everybody shares: codes, the chooser, health, pictures."""

from django.urls import path, re_path

from loyalty.web import codes, health, media

app_name = "web"
urlpatterns = [
    re_path(r"^[Cc]/(?P<code>[^/]{1,40})/?$", codes.show_card, name="show_card"),
    re_path(
        r"^[Cc]/(?P<code>[^/]{1,40})/(?P<digits>[^/]{1,12})/?$", codes.show_card, name="show_card"
    ),
    re_path(r"^[Rr]/(?P<token>[^/]{1,60})/?$", codes.show_claim, name="show_claim"),
    path("code/", codes.typed_code, name="typed_code"),
    path("go/", codes.after_sign_in, name="after_sign_in"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("media/<path:path>", media.media, name="media"),
]
