"""The right to be forgotten: after it, a dump of everything kept names the person nowhere."""

from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_q.models import Task

from clubs.models import Role
from loyalty.analytics.models import Signal, SignalKind
from loyalty.audit import record
from loyalty.audit.models import AuditEvent
from loyalty.exports import asking
from loyalty.exports.models import Export, FileFormat
from loyalty.jobs import queue
from loyalty.jobs.models import Job, JobState
from loyalty.ledger import verification
from loyalty.ledger.drafts import Note
from loyalty.ledger.models import Kind, Source, Transaction, WaitingAdjustment
from loyalty.members.models import (
    Account,
    Member,
    Membership,
    MembershipGroup,
    MembershipStatus,
    Voucher,
    VoucherStatus,
)
from loyalty.operations import (
    customers,
    erasing,
    forgetting,
    groups,
    member_notes,
    memberships,
    parked_refunds,
    standing,
)
from loyalty.operations.birthdays import Birthday
from loyalty.users.models import User
from tests.admin.desk import action, at_desk, errors, submit, told
from tests.cast import (
    NOON,
    PASSWORD,
    deed,
    join,
    make_card,
    make_cast,
    make_club,
    make_manager,
    make_partner,
    make_staff,
    make_user,
)
from tests.imports.files import checked, upload
from tests.operations.counter import adjust, buy, days, issue
from tests.operations.test_parked_refunds import park
from tests.privacy import dump

pytestmark = pytest.mark.django_db
LATER = NOON + days(2)

EMAIL = "qanary.address@qanary.example"
PHONE = "+4915112345678"
ADDRESS = "203.0.113.77"
FIRST, LAST, SIGN_IN = "Qanafirst", "Qanalast", "Qanasignin"
INTERNAL, COMMENT = "Qanainternal words", "Qanacomment words"
FAMILY, SECRET, LOGGED = "Qanafamily", "Qanasecret", "Qanalogged"
ANNIVERSARY = "1957-03-21"
WORDS = {EMAIL, PHONE, ADDRESS, FIRST, LAST, SIGN_IN, INTERNAL, COMMENT}
WORDS |= {FAMILY, SECRET, LOGGED, ANNIVERSARY}


def told_everything():
    """Return the cast and a card of somebody who told everything, through every door there is."""
    cast = make_cast()
    user = User.objects.create_user(EMAIL, PASSWORD, name=SIGN_IN)
    EmailAddress.objects.create(user=user, email=EMAIL, verified=True, primary=True)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={"secret": SECRET})
    held = join(
        user,
        cast.card,
        first_name=FIRST,
        last_name=LAST,
        phone=PHONE,
        is_phone_confirmed=True,
        birthday=Birthday(day=14, month=5, year=1931),
        anniversary=date.fromisoformat(ANNIVERSARY),
    )
    parked = park(cast)
    by = deed(cast.petra, Source.ADMIN)
    parked_refunds.drop_parked(deed=by, parked_id=parked.pk, reason=INTERNAL)
    buy(cast, 9900, membership=held, receipt=parked.receipt_number)
    adjust(cast, 401, membership=held, note=Note(internal=INTERNAL, comment=COMMENT))
    issue(cast, membership=held)
    member_notes.write_note(
        deed=deed(cast.petra, Source.ADMIN), membership_id=held.pk, text=INTERNAL
    )
    record.record(
        action="sign in", subject=user, partner_id=None, actor_id=user.pk, address=ADDRESS
    )
    record.record(
        action="change facts",
        subject=held.member,
        partner_id=cast.partner.pk,
        actor_id=cast.petra.pk,
        reason=INTERNAL,
    )
    in_a_family(cast, held)
    in_browsers(user)
    in_the_queue(cast, held)
    in_files_and_on_lists(cast, held)
    in_an_import(cast, held)
    return cast, held


def in_a_family(cast, held):
    """Let them be the head of a group until it ends; it is named after them."""
    noor = join(cast.noor, cast.card)
    by = {"actor": cast.petra, "source": Source.ADMIN}
    groups.form_group(deed=deed(**by, at=NOON), head_id=held.pk, member_ids=[noor.pk], name=FAMILY)
    for one in (noor, held):
        groups.leave_group(deed=deed(**by, at=NOON), membership_id=one.pk)


def in_browsers(user):
    """Sign in, and ask for a code at a machine where nobody is signed in."""
    signed_in = Client()
    signed_in.force_login(user)
    signed_in.get(reverse("wallet:home"))
    Client().post(reverse("account_request_login_code"), {"email": EMAIL})


def in_files_and_on_lists(cast, held):
    """Export everybody, ask a colleague for points, and let somebody write beside a signal."""
    asked = asking.ask(
        partner=cast.partner,
        given={"q": FIRST, "phones": ()},
        file_format=FileFormat.CSV,
        by_id=cast.petra.pk,
        at=timezone.now(),
        address=None,
    )
    for job in Job.objects.filter(key=asking.key_of(asked)):
        while Job.objects.get(pk=job.pk).state != JobState.DONE:
            queue.run(job.pk)
    WaitingAdjustment.objects.create(
        partner=cast.partner,
        membership=held,
        unit="POINTS",
        amount=5,
        internal=INTERNAL,
        comment=COMMENT,
        answer_note=INTERNAL,
        asked_by=cast.petra,
        asked_at=NOON,
        expires_at=LATER,
    )
    Signal.objects.create(
        partner=cast.partner,
        membership=held,
        kind=SignalKind.values[0],
        key="one",
        day=NOON.date(),
        found_at=NOON,
        note=INTERNAL,
    )


def in_an_import(cast, held):
    """Name them in a file of adjustments, in every way there is."""
    keys = (EMAIL, PHONE, held.number)
    with TemporaryDirectory() as folder:
        rows = (f"{key},5,{INTERNAL},{COMMENT}" for key in keys)
        checked(cast, Path(folder), "member,points,internal note,comment", *rows)


def in_an_import_that_waits(cast, folder):
    """Upload a list that names them and still waits to be tried."""
    folder.mkdir()
    line = f"{EMAIL};6;{INTERNAL};{COMMENT}"
    upload(cast, folder, "member;points;internal note;comment", line)


def in_the_queue(cast, held):
    """Let work fail with their words in its error, and somebody note them in Django's own log."""
    trouble = f"IntegrityError: Key (phone)=({PHONE}) of {EMAIL} already exists."
    moment = {"started": timezone.now(), "stopped": timezone.now()}
    Task.objects.create(id="1" * 32, name="one", func="f", result=trouble, success=False, **moment)
    Job.objects.create(key="one", name="one", error=trouble)
    LogEntry.objects.create(
        user=cast.petra,
        content_type=ContentType.objects.get_for_model(Member),
        object_id=str(held.member_id),
        object_repr=LOGGED,
        action_flag=CHANGE,
    )


def erase(cast, held, *, actor=None, source=Source.ADMIN, at=LATER, key=""):
    return erasing.erase_member(
        deed=deed(actor or cast.petra, source, at=at, key=key), membership_id=held.pk
    )


def work_off():
    """Do what erasing left to the queue."""
    for job in Job.objects.filter(name=forgetting.WORK):
        queue.run(job.pk)


@pytest.mark.req("CU1")
@pytest.mark.slow
def test_a_dump_of_all_that_is_kept_finds_nothing_of_an_erased_person(
    django_capture_on_commit_callbacks, settings, tmp_path
):
    settings.DATA_DIR, settings.EXPORTS_ROOT = tmp_path / "data", tmp_path / "data" / "exports"
    settings.DATA_DIR.mkdir()
    cast, held = told_everything()
    in_an_import_that_waits(cast, tmp_path / "typed")
    export = Export.objects.get()
    assert dump.found(WORDS) == {
        "account_emailaddress": [EMAIL],
        "analytics_signal": [INTERNAL],
        "audit_auditperson": [ADDRESS, INTERNAL],
        "django_admin_log": [LOGGED],
        "django_q_task": [PHONE, EMAIL],
        "django_session": [EMAIL],
        f"exports/{export.pk}/file": [PHONE, FIRST, LAST, EMAIL],
        "exports_export": [FIRST],
        "imports_uploadrow": [PHONE, COMMENT, INTERNAL, EMAIL],
        "imports_uploadpart": [COMMENT, INTERNAL, EMAIL],
        "jobs_job": [PHONE, EMAIL],
        "ledger_transactionnote": [COMMENT, INTERNAL],
        "ledger_waitingadjustment": [COMMENT, INTERNAL],
        "members_member": [PHONE, ANNIVERSARY, FIRST, LAST, EMAIL],
        "members_membernote": [INTERNAL],
        "members_membershipgroup": [FAMILY],
        "mfa_authenticator": [SECRET],
        "users_user": [SIGN_IN, EMAIL],
    }
    # The customer's code, at random, stays in the ledger's reasons; the record has another one.
    codes = {held.code, held.totp_key, held.number, held.referral_code}

    with django_capture_on_commit_callbacks(execute=True):
        erase(cast, held)
    work_off()

    assert dump.found(WORDS | codes) == {}
    member = Member.objects.get(pk=held.member_id)
    assert {name: getattr(member, name) for name in customers.PERSONAL_COLUMNS} == (
        customers.PERSONAL_COLUMNS
    )
    assert (member.erased_at, member.search_text.split()) == (LATER, [member.code.lower()])
    assert verification.verify(verification.Scope(at=LATER)) == []


def test_the_ledger_stays_and_what_was_left_is_forfeited():
    cast, held = told_everything()
    before = list(Transaction.objects.order_by("pk").values())

    done = erase(cast, held)

    after = list(Transaction.objects.order_by("pk").values())
    assert after[: len(before)] == before
    account = Account.objects.get(pk=Membership.objects.get(pk=held.pk).account_id)
    assert (account.points, account.lifetime_points) == (0, 500)
    made = Transaction.objects.filter(pk__gte=done.pk).order_by("pk")
    assert [(one.kind, one.points, one.result["step"]) for one in made] == [
        (Kind.STATUS, 0, "ERASED"),
        (Kind.EXPIRY, -300, "ERASED"),
    ]
    assert Voucher.objects.get().status == VoucherStatus.REMOVED
    assert Membership.objects.get(pk=held.pk).status == MembershipStatus.REMOVED
    event = AuditEvent.objects.get(action="erase member")
    assert (event.actor_id, event.object_id, event.before, event.after) == (
        cast.petra.pk,
        held.member_id,
        {},
        {},
    )


@pytest.mark.req("CU10")
@pytest.mark.parametrize("source", [Source.ADMIN, Source.WALLET])
def test_the_same_erasure_sent_twice_happens_once_and_another_is_refused(source):
    cast, held = told_everything()
    actor = held.member.user if source == Source.WALLET else cast.petra

    first, again = (erase(cast, held, actor=actor, source=source, key="k" * 8) for _ in range(2))

    assert again.pk == first.pk
    with pytest.raises(standing.MembershipNotFoundError):
        erase(cast, held, actor=cast.noor, source=Source.WALLET, key="k" * 8)
    with pytest.raises(customers.CustomerGoneError):
        erase(cast, held)
    with pytest.raises(customers.CustomerGoneError):
        memberships.change_status(
            deed=deed(cast.petra, Source.ADMIN),
            membership_id=held.pk,
            status=MembershipStatus.ACTIVE,
        )


# Why the person still needs the sign-in.
NEEDED = {
    "a record at another business": lambda user, _cast: join(
        user, make_card(make_club(make_partner("Second"), "Second club"))
    ),
    "a shift at a counter": lambda user, cast: make_staff(user, cast.hill),
    "a role in a dashboard": lambda user, _cast: make_manager(user, make_partner("Third")),
}


@pytest.mark.parametrize("why", NEEDED)
def test_a_sign_in_that_is_needed_elsewhere_stays_as_it_is(why):
    cast = make_cast()
    NEEDED[why](cast.mia, cast)

    erase(cast, cast.membership)
    work_off()

    user = User.objects.get(pk=cast.mia.pk)
    assert (user.email, user.name, user.is_active) == ("mia@example.org", "Mia", True)
    assert Member.objects.get(pk=cast.membership.member_id).user is None


def test_who_shares_an_account_leaves_the_group_first():
    cast = make_cast()
    noor = join(cast.noor, cast.card)
    groups.form_group(
        deed=deed(cast.petra, Source.ADMIN),
        head_id=cast.membership.pk,
        member_ids=[noor.pk],
        name="The Lindens",
    )

    with pytest.raises(customers.SharedAccountError):
        erase(cast, cast.membership)

    assert MembershipGroup.objects.get().name == "The Lindens"
    assert Member.objects.get(pk=cast.membership.member_id).first_name == "Mia"


# Who may not, through which door, and what they are told.
REFUSED = [
    # who, door, refusal
    ("support", Source.ADMIN, standing.NotAllowedError),
    ("noor", Source.WALLET, standing.MembershipNotFoundError),
    ("foreign", Source.ADMIN, standing.MembershipNotFoundError),
    ("mia", Source.ADMIN, standing.OwnMembershipError),
    ("petra", Source.SCAN, standing.NotAllowedError),
]


@pytest.mark.parametrize(("who", "source", "refusal"), REFUSED)
def test_nobody_else_erases(who, source, refusal):
    cast = make_cast()
    people = {"petra": cast.petra, "noor": cast.noor, "mia": cast.mia}
    people |= {name: make_user(name) for name in ("support", "foreign")}
    make_manager(people["support"], cast.partner, Role.SUPPORT)
    make_manager(people["foreign"], make_partner("Other"))
    make_manager(cast.mia, cast.partner)

    with pytest.raises(refusal):
        erase(cast, cast.membership, actor=people[who], source=source)

    assert Member.objects.get(pk=cast.membership.member_id).first_name == "Mia"


def test_the_page_names_what_is_lost_and_wants_the_customers_code():
    cast = make_cast()
    adjust(cast, 340)
    issue(cast)
    desk, member = at_desk(cast.petra), cast.membership.member

    page = desk.get(action("erase", cast.membership)).content.decode()
    slip = submit(desk, action("erase", cast.membership), typed="mia")
    done = submit(desk, action("erase", cast.membership), typed=member.code.lower())
    again = submit(desk, action("erase", cast.membership), typed=member.code.lower())

    assert [
        words for words in ("140 points", "1 voucher", "Harbour Coffee") if words not in page
    ] == []
    assert errors(slip) == "This is not the customer's code."
    led = [answer.headers["Location"] for answer in (done, again)]
    assert led == [reverse("admin:members_membership_changelist")] * 2
    assert "The personal data is erased." in told(again)[-1]
    listed = desk.get(done["Location"]).content.decode()
    assert member.code not in listed
    member.refresh_from_db()
    assert member.erased_at is not None
