"""Every form of the dashboard: Save and Cancel for who may write, neither for who may only read."""

import re

import pytest

from tests.matrix.asking import address, person
from tests.matrix.expected import EXPECTED

# The pages of one thing, and of a new one, in the dashboard.
PAGES = sorted(name for name in EXPECTED if name.endswith(("_change", "_add")))
# What the system alone writes, and what is changed by deeds of its own beside the page.
ONLY_READ = {
    "admin:analytics_signal_change",
    "admin:audit_auditevent_change",
    "admin:imports_upload_change",
    "admin:ledger_entry_change",
    "admin:ledger_lot_change",
    "admin:ledger_parkedrefund_change",
    "admin:ledger_transaction_change",
    "admin:ledger_waitingadjustment_change",
    "admin:members_membershipgroup_change",
}
# These are deeds: their button says which.
NAMED_BUTTON = {
    "admin:imports_upload_add",
    "admin:members_membership_add",
    "admin:members_membership_view_add",
    "admin:members_membershipgroup_add",
}
# What everybody in the dashboard keeps for themselves, whatever their role.
OWN = {"admin:members_membership_view_add"}
SAVE = re.compile(r'<button[^>]*type="submit"[^>]*name="_save"')
CANCEL = re.compile(r">\s*Cancel\s*</a>")


@pytest.fixture
def shown(sides):
    """Return a function: what of a form's buttons stands on each page that a role may open."""

    def look(role):
        found = {}
        for name in PAGES:
            response = person(role, sides).get(address(name, EXPECTED[name], sides[0]))
            if response.status_code == 200:
                body = response.content.decode()
                found[name] = (bool(SAVE.search(body)), bool(CANCEL.search(body)))
        return found

    return look


@pytest.mark.req("IV2.6", "IV4.8", "IV5.12", "IV7.12")
def test_each_form_that_the_owner_may_write_has_save_and_cancel(shown):
    found = shown("owner")

    assert {name for name, buttons in found.items() if buttons == (False, False)} == ONLY_READ
    assert {name for name, buttons in found.items() if buttons == (False, True)} == NAMED_BUTTON
    assert {name for name, buttons in found.items() if buttons == (True, False)} == set()
    assert len(found) > 30


@pytest.mark.req("IV2.6", "IV3.33", "IV4.8", "IV5.12", "IV7.12")
def test_who_may_only_read_a_form_has_no_button_to_save_it(shown):
    found = shown("support")

    assert {name for name, buttons in found.items() if buttons != (False, False)} == OWN
    assert len(found) > 10
