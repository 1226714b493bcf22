"""The addresses of a member's account page and of its actions."""

from typing import Any

from django.urls import path

from staff.admin import (
    account,
    account_actions,
    account_data,
    account_deed,
    account_erase,
    account_expiry,
    account_facts,
    account_merge,
    account_money,
    account_notes,
    account_overview,
    account_standing,
)

NAME = "members_membership"


def urls(model_admin: Any) -> list[Any]:
    """Return the pages of one membership; every one is behind the gate and the wall."""
    guard = model_admin.admin_site.admin_view
    pages: list[tuple[str, str, type[account.AccountPage]]] = [
        ("account", "account", account_overview.OverviewPage),
        ("adjust", "adjust", account_actions.AdjustPage),
        ("adjust-credit", "adjust_credit", account_money.AdjustCreditPage),
        ("spend", "spend", account_actions.SpendPage),
        ("pay", "pay", account_money.PayPage),
        ("tier", "tier", account_actions.TierPage),
        ("extend", "extend", account_expiry.ExtendPage),
        ("facts", "facts", account_facts.FactsPage),
        ("roll-back", "roll_back", account_actions.RollBackPage),
        ("remove", "remove", account_standing.RemovePage),
        ("block", "block", account_standing.BlockPage),
        ("restore", "restore", account_standing.RestorePage),
        ("replace-code", "replace_code", account_standing.ReplaceCodePage),
        ("guest-link", "guest_link", account_standing.GuestLinkPage),
        ("notes/new", "note", account_notes.NotePage),
        ("tags/new", "tag", account_notes.TagPage),
        ("merge", "merge", account_merge.FindTwinPage),
        ("erase", "erase", account_erase.ErasePage),
        ("data", "data", account_data.DataPage),
    ]
    found = [
        path(
            f"<key:membership_id>/{address}/",
            guard(page.as_view(model_admin=model_admin)),
            name=f"{NAME}_{name}",
        )
        for address, name, page in pages
    ]
    voucher = account_actions.RemoveVoucherPage.as_view(model_admin=model_admin)
    reverse = account_actions.ReversePage.as_view(model_admin=model_admin)
    refund = account_money.RefundPage.as_view(model_admin=model_admin)
    return [
        *found,
        path(
            "<key:membership_id>/vouchers/<key:voucher_id>/remove/",
            guard(voucher),
            name=f"{NAME}_remove_voucher",
        ),
        path(
            "<key:membership_id>/notes/<key:note_id>/remove/",
            guard(account_notes.RemoveNotePage.as_view(model_admin=model_admin)),
            name=f"{NAME}_remove_note",
        ),
        path(
            "<key:membership_id>/tags/<key:tag_id>/remove/",
            guard(account_notes.RemoveTagPage.as_view(model_admin=model_admin)),
            name=f"{NAME}_remove_tag",
        ),
        path(
            "<key:membership_id>/merge/<key:other_id>/",
            guard(account_merge.MergePage.as_view(model_admin=model_admin)),
            name=f"{NAME}_merge_with",
        ),
        path(
            "<key:membership_id>/transactions/<key:transaction_id>/",
            guard(account_deed.DeedPage.as_view(model_admin=model_admin)),
            name=f"{NAME}_deed",
        ),
        path(
            "<key:membership_id>/transactions/<key:transaction_id>/reverse/",
            guard(reverse),
            name=f"{NAME}_reverse",
        ),
        path(
            "<key:membership_id>/transactions/<key:transaction_id>/refund/",
            guard(refund),
            name=f"{NAME}_refund",
        ),
    ]
