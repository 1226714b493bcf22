"""How much of the plan is in use: on the business's page, where one adds, on the first page."""

import pytest
from django.urls import reverse
from django.utils import timezone

from clubs.models import Manager, Partner, Role
from staff import invitations
from staff.admin import quotas
from tests.admin.desk import at_desk
from tests.cast import make_cast, make_manager, make_store

pytestmark = pytest.mark.django_db
FULL = "Your plan is full. Ask for a larger one before you add more."
NEAR = "Your plan is nearly full. Ask for a larger one."
# quota, the page where one adds, what stands there with the cast's rows
ADDING = [
    ("max_clubs", "clubs_club_add", "2 of 9 clubs"),
    ("max_stores", "clubs_store_add", "2 of 9 stores"),
    ("max_admin_seats", "clubs_manager_add", "1 of 9 managers"),
    ("max_members", "members_membership_add", "1 of 9 members"),
]


@pytest.mark.req("IV1.5", "IV1.6", "IV1.7")
@pytest.mark.parametrize(("quota", "page", "words"), ADDING)
def test_where_one_adds_the_use_of_the_plan_is_shown(quota, page, words):
    cast = make_cast()
    petra, address = at_desk(cast.petra), reverse(f"admin:{page}")

    without = petra.get(address).context["uses"]
    Partner.objects.update(**{quota: 9})
    body = petra.get(address).content.decode()

    assert without == []
    assert (words in body, NEAR in body) == (True, False)


# used, limit, what is said
WARNINGS = [(8, 9, ""), (9, 10, NEAR), (89, 100, ""), (10, 10, FULL), (0, 0, FULL), (5, None, "")]


@pytest.mark.req("IV1.7")
@pytest.mark.parametrize(("used", "limit", "said"), WARNINGS)
def test_a_plan_warns_from_nine_tenths(used, limit, said):
    use = quotas.Use(partner=Partner(), quota="max_members", used=used, limit=limit)

    assert use.warning == said


@pytest.mark.req("IV1.5", "IV1.6", "IV1.7")
def test_the_business_s_page_tells_each_use_and_warns(django_assert_num_queries):
    cast = make_cast()
    invited = Manager(partner=cast.partner, user=cast.sam, role=Role.SUPPORT)
    invitations.prepare(invited, at=timezone.now())
    invited.save()
    Partner.objects.update(max_clubs=5, max_stores=2, max_admin_seats=2)

    body = (
        at_desk(cast.petra)
        .get(reverse("admin:clubs_partner_change", args=[cast.partner.pk]))
        .content.decode()
    )

    assert [
        words in body
        for words in ("2 of 5 clubs", "2 of 2 stores", "2 of 2 managers", "of members")
    ] == [True, True, True, False]
    assert body.count(FULL) == 2


@pytest.mark.req("IV1.5", "IV1.6", "IV1.7")
def test_the_first_page_names_each_nearly_used_quota_of_an_owner_and_none_to_others():
    cast = make_cast()
    Partner.objects.update(max_clubs=2, max_stores=30, max_admin_seats=1)
    make_store(cast.harbour, "Pier")
    make_manager(cast.sam, cast.partner, Role.MANAGER)

    found = [
        [step.words for step in at_desk(user).get("/admin/").context["needed"]]
        for user in (cast.petra, cast.sam)
    ]

    assert found == [["2 of 2 clubs", "2 of 1 managers"], []]
