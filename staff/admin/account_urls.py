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
PAGES: tuple[tuple[str, str, type[account.AccountPage]], ...] = (
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
    ("vouchers/<key:voucher_id>/remove", "remove_voucher", account_actions.RemoveVoucherPage),
    ("notes/<key:note_id>/remove", "remove_note", account_notes.RemoveNotePage),
    ("tags/<key:tag_id>/remove", "remove_tag", account_notes.RemoveTagPage),
    ("merge/<key:other_id>", "merge_with", account_merge.MergePage),
    ("transactions/<key:transaction_id>", "deed", account_deed.DeedPage),
    ("transactions/<key:transaction_id>/reverse", "reverse", account_actions.ReversePage),
    ("transactions/<key:transaction_id>/refund", "refund", account_money.RefundPage),
)


def urls(model_admin: Any) -> list[Any]:
    """Return the pages of one membership; every one is behind the gate and the wall."""
    guard = model_admin.admin_site.admin_view
    return [
        path(
            f"<key:membership_id>/{address}/",
            guard(page.as_view(model_admin=model_admin)),
            name=f"{NAME}_{name}",
        )
        for address, name, page in PAGES
    ]
