"""The menu of the dashboard: what each role finds in it, and which entry is that of the page."""

import pytest
from django.urls import reverse

from clubs.models import Role
from tests.admin.desk import at_desk
from tests.cast import make_cast, make_manager, make_user

pytestmark = pytest.mark.django_db


def test_the_menu_shows_each_role_its_own():
    cast = make_cast()
    people = {Role.OWNER: cast.petra}
    for role in (Role.MANAGER, Role.SUPPORT):
        people[role] = make_user(role.lower())
        make_manager(people[role], cast.partner, role)

    found = {
        role: [
            str(item["title"])
            for group in at_desk(user).get(reverse("admin:index")).context["menus"]
            for item in group["links"]
        ]
        for role, user in people.items()
    }

    assert found[Role.SUPPORT] == [
        "Overview",
        "Members",
        "Groups",
        "All figures",
        "What you owe",
        "Cards",
        "Rewards",
        "Plans",
        "Expiry rules",
        "Special days",
        "Referral",
        "Milestones",
        "Products",
        "Product groups",
        "Customer groups",
        "Tenders",
        "Tags",
        "Clubs",
        "Stores",
        "Transactions",
        "Waiting refunds",
        "Waiting adjustments",
    ]
    assert [word for word in found[Role.OWNER] if word not in found[Role.MANAGER]] == [
        "Managers",
        "Business",
        "Changes",
    ]


def test_one_entry_of_the_menu_is_that_of_the_page():
    cast = make_cast()
    account = reverse("admin:members_membership_account", args=[cast.membership.pk])
    pages = {
        reverse("admin:index"): ["Overview"],
        account: ["Members"],
        reverse("admin:figures_overview"): ["All figures"],
        reverse("admin:figures_habits"): ["All figures"],
        reverse("admin:figures_owed"): ["What you owe"],
        reverse("admin:cards_product_changelist"): ["Products"],
        reverse("admin:cards_productgroup_changelist"): ["Product groups"],
    }
    client = at_desk(cast.petra)

    found = {
        path: [
            str(item["title"])
            for group in client.get(path).context["sidebar_navigation"]
            for item in group["items"]
            if item["active"]
        ]
        for path in pages
    }

    assert found == pages
