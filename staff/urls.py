"""Addresses of the staff portal."""

from django.urls import path

from staff.views import (
    awarding,
    counter,
    enrolling,
    home,
    paying,
    people,
    refunding,
    results,
    scanning,
    searching,
    slips,
    spending,
)

app_name = "staff"
urlpatterns = [
    path("", home.home, name="home"),
    path("store/", home.choose_store, name="store"),
    path("scan/", scanning.scan, name="scan"),
    path("not-your-club/", scanning.not_your_club, name="not_your_club"),
    path("unknown-code/", scanning.unknown_code, name="unknown_code"),
    path("own-card/", scanning.own_card, name="own_card"),
    path("search/", searching.search, name="search"),
    path("member/<key:membership_id>/", searching.member, name="member"),
    path("enrol/", enrolling.enrol, name="enrol"),
    path("counter/<key:scan_id>/", counter.counter, name="counter"),
    path("counter/<key:scan_id>/preview/", counter.preview, name="preview"),
    path("counter/<key:scan_id>/award/", awarding.award, name="award"),
    path("counter/<key:scan_id>/points/", awarding.points, name="points"),
    path("counter/<key:scan_id>/give/", awarding.give, name="give"),
    path("counter/<key:scan_id>/rewards/", spending.rewards, name="rewards"),
    path("counter/<key:scan_id>/redeem/", spending.redeem, name="redeem"),
    path("counter/<key:scan_id>/claim/", spending.claim, name="claim"),
    path("counter/<key:scan_id>/voucher/", spending.voucher, name="voucher"),
    path("counter/<key:scan_id>/pay/", paying.pay, name="pay"),
    path("counter/<key:scan_id>/pay/preview/", paying.pay_preview, name="pay_preview"),
    path("counter/<key:scan_id>/paid/<key:transaction_id>/", paying.rest, name="rest"),
    path(
        "counter/<key:scan_id>/paid/<key:transaction_id>/preview/",
        paying.rest_preview,
        name="rest_preview",
    ),
    path("counter/<key:scan_id>/refunds/", refunding.refundable, name="refunds"),
    path("counter/<key:scan_id>/refunds/keep/", refunding.park, name="park_refund"),
    path("counter/<key:scan_id>/refunds/<key:transaction_id>/", refunding.refund, name="refund"),
    path(
        "counter/<key:scan_id>/refunds/<key:transaction_id>/preview/",
        refunding.refund_preview,
        name="refund_preview",
    ),
    path("counter/<key:scan_id>/link/", enrolling.link, name="link"),
    path("result/<key:transaction_id>/", results.result, name="result"),
    path("result/<key:transaction_id>/undo/", results.undo, name="undo"),
    path("lock/", people.lock, name="lock"),
    path("switch/", people.switch, name="switch"),
    path("pin/", people.set_pin, name="set_pin"),
    path("slip/", slips.slip, name="slip"),
]
