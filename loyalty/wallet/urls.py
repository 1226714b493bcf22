"""Addresses of the wallet."""

from django.urls import URLPattern, path

from loyalty.wallet import look, offline
from loyalty.wallet.views import account, card, cards, check_ins, claims, deeds, erasing, personal

app_name = "wallet"
urlpatterns: list[URLPattern] = [
    path("", cards.home, name="home"),
    path("cards/", cards.cards, name="cards"),
    path("cards/<key:membership_id>/", card.card, name="card"),
    path("cards/<key:membership_id>/version/", card.version, name="version"),
    path("cards/<key:membership_id>/parts/", card.fragment, name="fragment"),
    path("cards/<key:membership_id>/history/", card.all_history, name="history"),
    path(
        "cards/<key:membership_id>/history/<key:transaction_id>/",
        deeds.deed,
        name="deed",
    ),
    path("cards/<key:membership_id>/code/", card.replace_code, name="replace_code"),
    path(
        "cards/<key:membership_id>/rewards/<key:reward_id>/claim/",
        claims.start,
        name="start_claim",
    ),
    path("cards/<key:membership_id>/check-in/", check_ins.check_in, name="check_in"),
    path("cards/<key:membership_id>/recommend/", personal.recommend, name="recommend"),
    path("cards/<key:membership_id>/birthday/", personal.birthday, name="birthday"),
    path("check-in/<str:code>/", check_ins.door, name="door"),
    path("claims/<key:claim_id>/", claims.claim, name="claim"),
    path("claims/<key:claim_id>/state/", claims.claim_state, name="claim_state"),
    path("link/<str:token>/", account.link, name="link"),
    path("profile/", account.profile, name="profile"),
    path("profile/data/", account.own_data, name="own_data"),
    path("data/<key:member_id>/delete/", erasing.delete_data, name="delete_data"),
    path("offline/", offline.shell, name="offline"),
    path("look/<key:card_id>.css", look.look, name="look"),
    path("looks.css", look.looks, name="looks"),
]
