"""Every page of the dashboard answers strangers with 404, and never with a word of the other's."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cards.models import CardText, PrintedCard
from clubs.models import Club, Manager, Role, StaffMember
from loyalty.audit.models import AuditEvent
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Entry, Lot, Source, Transaction
from loyalty.members.models import Voucher
from loyalty.operations import adjustments, vouchers
from tests.admin.desk import at_desk
from tests.cast import deed, make_cast, make_club, make_manager, make_partner, make_tier, make_user

pytestmark = pytest.mark.django_db
CANARY = "Kanarienvogel"


@dataclass
class Scene:
    """A business whose words are canaries, and a manager of another one."""

    cast: Any
    owner: Client
    stranger: Client
    voucher: Voucher

    def pages(self) -> dict[str, str]:
        """Return the address of every page about a row of the business."""
        cast, membership = self.cast, self.cast.membership
        rows = {
            "clubs_partner": cast.partner.pk,
            "clubs_club": cast.harbour.pk,
            "clubs_store": cast.old_port.pk,
            "clubs_staffmember": StaffMember.objects.get(user=cast.sam).pk,
            "clubs_manager": Manager.objects.get(user=cast.petra).pk,
            "cards_card": cast.card.pk,
            "cards_reward": cast.reward.pk,
            "ledger_transaction": Transaction.objects.filter(membership=membership).latest("pk").pk,
            "ledger_entry": Entry.objects.earliest("pk").pk,
            "ledger_lot": Lot.objects.earliest("pk").pk,
            "audit_auditevent": AuditEvent.objects.filter(partner_id=cast.partner.pk)
            .latest("pk")
            .pk,
        }
        found = {
            f"{name}_{page}": reverse(f"admin:{name}_{page}", args=[pk])
            for name, pk in rows.items()
            for page in ("change", "history", "delete")
        }
        for name in ("posters", "numbers", "screen", "numbers_csv", "numbers_pdf"):
            found[f"card_{name}"] = reverse(f"admin:cards_card_{name}", args=[cast.card.pk])
        for kind in ("poster", "tent"):
            found[kind] = reverse("admin:cards_card_poster", args=[cast.card.pk, kind])
        for name in (
            "account",
            "adjust",
            "spend",
            "tier",
            "roll_back",
            "remove",
            "block",
            "restore",
            "replace_code",
            "guest_link",
            "change",
            "history",
            "delete",
        ):
            found[name] = reverse(f"admin:members_membership_{name}", args=[membership.pk])
        found["remove_voucher"] = reverse(
            "admin:members_membership_remove_voucher", args=[membership.pk, self.voucher.pk]
        )
        deed_id = Transaction.objects.filter(membership=membership).latest("pk").pk
        found["reverse"] = reverse(
            "admin:members_membership_reverse", args=[membership.pk, deed_id]
        )
        return found


@pytest.fixture
def scene() -> Scene:
    cast = make_cast()
    tier = make_tier(cast.card, f"{CANARY}stufe", 100)
    for row in (cast.partner, cast.harbour, cast.old_port, cast.card, cast.reward):
        row.name = f"{CANARY} {row.name}"
        row.save()
    cast.mia.name = cast.sam.name = cast.petra.name = CANARY
    for user in (cast.mia, cast.sam, cast.petra):
        user.save()
    cast.membership.member.first_name = CANARY
    cast.membership.member.save()
    CardText.objects.create(card=cast.card, language="en", title=CANARY, terms=CANARY)
    PrintedCard.objects.create(partner=cast.partner, card=cast.card, number="777", code="0" * 12)
    adjustments.adjust_points(
        deed=deed(cast.petra, Source.ADMIN),
        membership_id=cast.membership.pk,
        points=400,
        note=Note(internal=CANARY, comment=CANARY),
    )
    vouchers.issue_voucher(
        deed=deed(cast.petra, Source.ADMIN),
        membership_id=cast.membership.pk,
        reward_id=cast.reward.pk,
    )
    AuditEvent.objects.create(
        partner_id=cast.partner.pk,
        action=CANARY,
        kind="cards.card",
        object_id=cast.card.pk,
        after={"name": CANARY},
    )
    other = make_partner("Elsewhere")
    make_club(other, "Elsewhere")
    stranger = make_user("otto")
    make_manager(stranger, other)
    assert tier.pk
    return Scene(
        cast=cast,
        owner=at_desk(cast.petra),
        stranger=at_desk(stranger),
        voucher=Voucher.objects.get(),
    )


@pytest.mark.req("R1.1", "R2.2")
def test_a_manager_of_another_business_finds_none_of_the_pages(scene):
    found = {name: scene.stranger.get(path) for name, path in scene.pages().items()}

    assert {name: answer.status_code for name, answer in found.items()} == dict.fromkeys(found, 404)
    assert [name for name, answer in found.items() if CANARY in answer.content.decode()] == []


@pytest.mark.req("R1.1")
def test_a_manager_of_another_business_can_send_nothing_there(scene):
    found = {
        name: scene.stranger.post(path, {"points": "5", "_save": "1"}).status_code
        for name, path in scene.pages().items()
        if name not in {"account", "card_screen"}
    }

    assert {name: status for name, status in found.items() if status not in {404, 405}} == {}
    assert Transaction.objects.filter(membership=scene.cast.membership).count() == 3


def test_staff_find_none_of_the_pages(scene):
    client = at_desk(scene.cast.tess)

    found = {name: client.get(path).status_code for name, path in scene.pages().items()}

    assert found == dict.fromkeys(found, 404)


PAPERS = {"poster", "tent", "card_numbers_pdf"}


def test_the_owner_reads_the_canary_on_the_pages(scene):
    missing = {
        name: answer.status_code
        for name, path in scene.pages().items()
        if not name.endswith(("delete", "history"))
        and name not in {"poster", "tent", "card_numbers_pdf"}
        for answer in [scene.owner.get(path, follow=True)]
        if CANARY not in answer.content.decode()
    }

    # Without words of the business: bare numbers, a refusal.
    assert missing == {
        "card_numbers_csv": 200,
        "reverse": 403,
    }


LISTS = (
    "members_membership",
    "cards_card",
    "cards_reward",
    "clubs_club",
    "clubs_store",
    "clubs_staffmember",
    "clubs_manager",
    "clubs_partner",
    "ledger_transaction",
    "ledger_entry",
    "ledger_lot",
    "audit_auditevent",
)


@pytest.mark.req("R1.1", "R5.2")
@pytest.mark.parametrize("name", LISTS)
def test_a_list_holds_the_own_rows_alone_and_so_do_its_filters(scene, name):
    path = reverse(f"admin:{name}_changelist")

    owner, stranger = scene.owner.get(path), scene.stranger.get(path)

    assert (owner.status_code, stranger.status_code) == (200, 200)
    assert CANARY in owner.content.decode() or name in {"ledger_entry", "ledger_lot"}
    assert CANARY not in stranger.content.decode()
    assert list(stranger.context["cl"].queryset.exclude(pk__in=_own(name))) == []


def _own(name: str) -> list[int]:
    """Return the rows of the stranger's own business."""
    match name:
        case "clubs_club":
            return list(Club.objects.filter(name="Elsewhere").values_list("pk", flat=True))
        case "clubs_manager":
            return [Manager.objects.get(partner__name="Elsewhere").pk]
        case "clubs_partner":
            return [Manager.objects.get(partner__name="Elsewhere").partner_id]
        case _:
            return []


@pytest.mark.parametrize("name", ["cards_card", "cards_reward", "clubs_store", "clubs_staffmember"])
def test_a_form_offers_the_own_rows_alone(scene, name):
    body = scene.stranger.get(reverse(f"admin:{name}_add")).content.decode()

    assert CANARY not in body


def test_a_foreign_row_cannot_be_chosen_by_a_direct_post(scene):
    fields = {"club": scene.cast.harbour.pk, "name": "Spy", "status": "ACTIVE"}
    fields |= {"receipt_restart": "NEVER", "timezone": ""}

    response = scene.stranger.post(reverse("admin:clubs_store_add"), fields)

    assert response.status_code == 200
    assert list(response.context["adminform"].form.errors) == ["club"]


def test_actions_on_a_list_reach_the_own_rows_alone(scene):
    fields = {"action": "archive", "_selected_action": [scene.cast.harbour.pk]}

    scene.stranger.post(reverse("admin:clubs_club_changelist"), fields)

    assert Club.objects.get(pk=scene.cast.harbour.pk).status == "ACTIVE"


def test_the_autocomplete_tells_strangers_nothing(scene):
    query = "?app_label=cards&model_name=reward&field_name=card&term="

    path = reverse("admin:autocomplete") + query

    assert CANARY in scene.owner.get(path).content.decode()
    assert scene.stranger.get(path).json()["results"] == []
    assert at_desk(scene.cast.tess).get(path).status_code == 404


@pytest.mark.req("CU3", "IV3.33")
def test_support_reads_cards_without_a_save_button_and_cannot_save():
    cast = make_cast()
    rita = make_user("rita")
    make_manager(rita, cast.partner, Role.SUPPORT)
    client = at_desk(rita)
    path = reverse("admin:cards_card_change", args=[cast.card.pk])

    body = client.get(path).content.decode()

    assert ("Close" in body, 'name="_save"' in body) == (True, False)
    assert client.post(path, {"name": "Mine"}).status_code == 403


@pytest.mark.req("CU3")
def test_support_has_no_settings():
    cast = make_cast()
    rita = make_user("rita")
    make_manager(rita, cast.partner, Role.SUPPORT)
    client = at_desk(rita)
    pages = {
        "partner": reverse("admin:clubs_partner_change", args=[cast.partner.pk]),
        "managers": reverse("admin:clubs_manager_changelist"),
        "staff": reverse("admin:clubs_staffmember_changelist"),
        "changes": reverse("admin:audit_auditevent_changelist"),
        "new card": reverse("admin:cards_card_add"),
        "tier": reverse("admin:members_membership_tier", args=[cast.membership.pk]),
        "roll back": reverse("admin:members_membership_roll_back", args=[cast.membership.pk]),
        "remove": reverse("admin:members_membership_remove", args=[cast.membership.pk]),
    }

    found = {name: client.get(path).status_code for name, path in pages.items()}

    assert found == dict.fromkeys(pages, 403)


def test_managers_run_the_shop_but_not_the_business():
    cast = make_cast()
    max_ = make_user("max")
    make_manager(max_, cast.partner, Role.MANAGER)
    client = at_desk(max_)

    found = {
        name: client.get(reverse(f"admin:{name}")).status_code
        for name in ("clubs_manager_changelist", "clubs_partner_changelist", "cards_card_add")
    }

    assert found == {
        "clubs_manager_changelist": 403,
        "clubs_partner_changelist": 403,
        "cards_card_add": 200,
    }
