"""Addresses of the wallet."""

from django.urls import URLPattern, path

from loyalty.wallet import look, offline
from loyalty.wallet.views import account, card, cards, claims

app_name = "wallet"
urlpatterns: list[URLPattern] = [
    path("", cards.home, name="home"),
    path("cards/", cards.cards, name="cards"),
    path("cards/<int:membership_id>/", card.card, name="card"),
    path("cards/<int:membership_id>/version/", card.version, name="version"),
    path("cards/<int:membership_id>/parts/", card.fragment, name="fragment"),
    path("cards/<int:membership_id>/history/", card.all_history, name="history"),
    path("cards/<int:membership_id>/code/", card.replace_code, name="replace_code"),
    path(
        "cards/<int:membership_id>/rewards/<int:reward_id>/claim/",
        claims.start,
        name="start_claim",
    ),
    path("claims/<int:claim_id>/", claims.claim, name="claim"),
    path("claims/<int:claim_id>/state/", claims.claim_state, name="claim_state"),
    path("link/<str:token>/", account.link, name="link"),
    path("profile/", account.profile, name="profile"),
    path("offline/", offline.shell, name="offline"),
    path("look/<int:card_id>.css", look.look, name="look"),
    path("looks.css", look.looks, name="looks"),
]
