"""What of the database is about a person: every column that can hold words, sorted by hand.

A new column of words fails the test until it stands here: with those that erasing blanks, or with
those that hold nothing about a member, and why.
"""

from collections.abc import Iterator

from django.apps import apps
from django.db import models

# Numbers, keys, days and yes or no tell nothing about a person by themselves.
WORDLESS = (
    models.AutoField,
    models.BooleanField,
    models.DateField,
    models.DecimalField,
    models.DurationField,
    models.ForeignKey,
    models.IntegerField,
    models.TimeField,
)
# Of these every column is looked at, whatever its kind.
ABOUT_PEOPLE = {"members_member"}

# Blanked, deleted or replaced by an erasure; tests/privacy/test_erasing.py finds nothing in them.
ERASED = {
    "account_emailaddress": "email",
    "account_emailconfirmation": "key",
    "analytics_signal": "note",
    "audit_auditperson": "address reason",
    "django_admin_log": "object_id object_repr change_message",
    "django_q_ormq": "key payload",
    "django_q_task": "id name func hook args kwargs result group cluster",
    "django_session": "session_key session_data",
    "exports_export": "filter grown",
    "imports_uploadpart": "content",
    "imports_uploadrow": "key typed internal comment",
    "jobs_job": "error",
    "ledger_transactionnote": "internal comment",
    "ledger_waitingadjustment": "internal comment answer_note",
    "members_member": "user_id code first_name last_name email phone phone_confirmed_at language"
    " birth_day birth_month birth_year former_birthday birthday_changed_at anniversary"
    " customer_group_id marketing_accepted_at search_text",
    "members_membernote": "text request_id",
    "members_membership": "number code totp_key referral_code",
    "members_membershipgroup": "name",
    "mfa_authenticator": "data",
    "users_user": "password email name language",
}
# What stays of a member's record: that there was one, since when, and to what it agreed.
KEPT = {
    "members_member": "id partner_id privacy_version privacy_accepted_at consent_source"
    " merged_into_id erased_at joined_at",
}
# Words of the business, of the programme and of the machine; hashes, and plain ids.
NOT_ABOUT_MEMBERS = {
    "analytics_cardview": "viewer",
    "analytics_dayfact": "aspect",
    "analytics_monthfact": "aspect",
    "analytics_rollupmark": "timezone",
    "analytics_signal": "key transaction_ids facts",
    "audit_auditevent": "action kind before after",
    "auth_group": "name",
    "auth_permission": "name codename",
    "cards_card": "code name unit_one unit_many number_prefix company_name website colour"
    " text_colour logo background",
    "cards_cardtext": "language title description rules terms",
    "cards_customergroup": "code name",
    "cards_expiryrule": "customer_code",
    "cards_plan": "code name",
    "cards_planline": "customer_code",
    "cards_printedcard": "number code",
    "cards_product": "code name",
    "cards_productgroup": "code name",
    "cards_reward": "code name description image",
    "cards_specialday": "code name",
    "cards_tag": "name colour",
    "cards_tender": "code name",
    "cards_termsversion": "terms",
    "cards_tier": "code name",
    "cards_whatif": "terms outcome",
    "clubs_club": "code name",
    "clubs_devicesignin": "device_hash",
    "clubs_manager": "invitation_hash",
    "clubs_partner": "name company_name slug code country timezone language logo website features",
    "clubs_savedview": "name filter",
    "clubs_staffmember": "pin_hash invitation_hash",
    "clubs_store": "code name timezone check_in_code",
    "django_content_type": "app_label model",
    "django_q_schedule": "name func hook args kwargs cron task cluster intended_date_kwarg",
    "exports_export": "language error",
    "imports_upload": "file_name file_hash reason internal comment",
    "imports_uploadrow": "reason error facts",
    "jobs_job": "key name arguments",
    "ledger_firing": "occurrence",
    "ledger_parkedrefund": "receipt_number period request_id",
    "ledger_receiptuse": "number period",
    "ledger_waitingadjustment": "reason request_id fingerprint answer_request_id",
    "ledger_transaction": "request_id fingerprint receipt_number basket result facts",
    "members_claim": "token_hash",
    "members_guestlink": "token_hash",
    "members_scan": "session_hash",
    "outbox_event": "event_id data",
}
SORTED = (ERASED, KEPT, NOT_ABOUT_MEMBERS)


def of_words() -> Iterator[str]:
    """Yield each column that can hold words, as ``table.column``; fixed choices are no words."""
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        for field in model._meta.concrete_fields:
            is_wordless = isinstance(field, WORDLESS) or bool(field.choices)
            if table in ABOUT_PEOPLE or not is_wordless:
                yield f"{table}.{field.column}"


def sorted_by_hand() -> Iterator[str]:
    """Yield each column that is sorted above."""
    for part in SORTED:
        for table, columns in part.items():
            yield from (f"{table}.{column}" for column in columns.split())
