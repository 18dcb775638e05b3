"""The life of a membership: events, particulars, contact data, bylaws, and rules upon them."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

RULES = """
CREATE FUNCTION members_may_change(old text, new text) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
SELECT (old, new) IN (VALUES
    ('', 'applicant'), ('', 'active'),
    ('applicant', 'active'), ('applicant', 'refused'),
    ('refused', 'applicant'), ('left', 'applicant'), ('expelled', 'applicant'),
    ('active', 'suspended'), ('suspended', 'active'),
    ('active', 'leaving'), ('suspended', 'leaving'), ('leaving', 'active'),
    ('active', 'left'), ('suspended', 'left'), ('leaving', 'left'),
    ('active', 'expelled'), ('suspended', 'expelled'), ('leaving', 'expelled'),
    ('active', 'deceased'), ('suspended', 'deceased'), ('leaving', 'deceased'),
    ('expelled', 'active'), ('left', 'active'), ('left', 'leaving'), ('deceased', 'active'))
$$;
CREATE FUNCTION members_state_moves() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE old_state text := '';
BEGIN
    IF TG_OP = 'UPDATE' THEN
        old_state := OLD.state;
    END IF;
    IF old_state <> NEW.state AND NOT members_may_change(old_state, NEW.state) THEN
        RAISE EXCEPTION 'a member does not go from "%" to "%"', old_state, NEW.state
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_member_state_moves BEFORE INSERT OR UPDATE OF state ON members_member
    FOR EACH ROW EXECUTE FUNCTION members_state_moves();
CREATE FUNCTION members_event_follows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE before text;
BEGIN
    SELECT to_state INTO before FROM members_memberevent
    WHERE member_id = NEW.member_id ORDER BY id DESC LIMIT 1;
    IF coalesce(before, '') <> NEW.from_state
       OR NOT members_may_change(NEW.from_state, NEW.to_state) THEN
        RAISE EXCEPTION 'event "%" to "%" does not follow "%"',
            NEW.from_state, NEW.to_state, before USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_memberevent_follows BEFORE INSERT ON members_memberevent
    FOR EACH ROW EXECUTE FUNCTION members_event_follows();
CREATE FUNCTION members_only_forgets() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE words text[] := TG_ARGV::text[] || '{forgotten_at}'::text[];
BEGIN
    IF OLD.forgotten_at IS NOT NULL OR NEW.forgotten_at IS NULL
       OR to_jsonb(NEW) - words IS DISTINCT FROM to_jsonb(OLD) - words THEN
        RAISE EXCEPTION '% is append-only: a mistake is corrected by a new row', TG_TABLE_NAME
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER members_memberevent_only_forgets BEFORE UPDATE ON members_memberevent
    FOR EACH ROW EXECUTE FUNCTION members_only_forgets('text', 'appeal');
CREATE TRIGGER members_particulars_only_forgets BEFORE UPDATE ON members_particulars
    FOR EACH ROW EXECUTE FUNCTION members_only_forgets('name', 'address', 'born_on');
CREATE TRIGGER members_contact_only_forgets BEFORE UPDATE ON members_contact
    FOR EACH ROW EXECUTE FUNCTION members_only_forgets(
        'address', 'phone', 'email', 'language', 'way');
CREATE FUNCTION members_keep(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TRIGGER %s_not_taken_out BEFORE DELETE OR TRUNCATE ON %s'
        ' FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change()', name, name);
END $$;
SELECT members_keep('members_' || name) FROM unnest(ARRAY[
    'memberevent', 'appeal', 'particulars', 'contact', 'nominee', 'representative',
    'linkedmembers', 'role'
]) AS kept(name);
SELECT ledger_protect('members_' || name) FROM unnest(ARRAY[
    'bylawsversion', 'bylawsconsent', 'numbervoid'
]) AS kept(name);
CREATE INDEX members_particulars_by_name ON members_particulars (lower(name));
"""
UNDO = """
DROP INDEX members_particulars_by_name;
DROP FUNCTION members_keep(text);
DROP TRIGGER members_role_not_taken_out ON members_role;
DROP TRIGGER members_contact_only_forgets ON members_contact;
DROP TRIGGER members_particulars_only_forgets ON members_particulars;
DROP TRIGGER members_memberevent_only_forgets ON members_memberevent;
DROP FUNCTION members_only_forgets();
DROP TRIGGER members_memberevent_follows ON members_memberevent;
DROP FUNCTION members_event_follows();
DROP TRIGGER members_member_state_moves ON members_member;
DROP FUNCTION members_state_moves();
DROP FUNCTION members_may_change(text, text);
"""
WHAT_WAS = """
CREATE TEMPORARY TABLE zone ON COMMIT DROP AS
    SELECT coalesce((SELECT timezone FROM members_cooperative), 'UTC') AS name;
INSERT INTO members_memberevent (member_id, from_state, to_state, reason, text, appeal,
                                 effective_on, recorded_at, source)
SELECT m.id, '', 'applicant', 'application', '', '', (m.applied_at AT TIME ZONE z.name)::date,
       m.applied_at, ''
FROM members_member m, zone z ORDER BY m.id;
INSERT INTO members_memberevent (member_id, from_state, to_state, reason, text, appeal,
                                 effective_on, recorded_at, decided_by_id, source)
SELECT m.id, 'applicant', 'active', 'admission', '', '',
       (coalesce(m.admitted_at, m.applied_at) AT TIME ZONE z.name)::date,
       coalesce(m.admitted_at, m.applied_at), m.decided_by_id, ''
FROM members_member m, zone z WHERE m.number IS NOT NULL ORDER BY m.id;
INSERT INTO members_memberevent (member_id, from_state, to_state, reason, text, appeal,
                                 effective_on, recorded_at, decided_by_id, source)
SELECT m.id, CASE m.state WHEN 'refused' THEN 'applicant' ELSE 'active' END, m.state,
       CASE m.state WHEN 'refused' THEN 'refusal' ELSE 'resignation' END, m.decision_reason, '',
       (now() AT TIME ZONE z.name)::date, now(), m.decided_by_id, ''
FROM members_member m, zone z WHERE m.state IN ('refused', 'leaving', 'left') ORDER BY m.id;
INSERT INTO members_particulars (member_id, name, address, valid_from, recorded_at, source)
SELECT m.id, m.name, m.address, (m.applied_at AT TIME ZONE z.name)::date, m.applied_at, ''
FROM members_member m, zone z ORDER BY m.id;
UPDATE members_member SET ended_on = (now() AT TIME ZONE z.name)::date
FROM zone z WHERE state = 'left';
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0002_rules")]
    operations = [
        migrations.CreateModel(
            name="Appeal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.TextField()),
                ("made_at", models.DateTimeField()),
                ("answer", models.TextField(blank=True)),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "forgotten_at",
                    models.DateTimeField(help_text="since when the words are gone", null=True),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="BylawsConsent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("given_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="BylawsVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("version", models.CharField(max_length=20, unique=True)),
                ("text", models.TextField(help_text="one paragraph a line")),
                ("sha256", models.CharField(max_length=64)),
                ("valid_from", models.DateField()),
                ("published_at", models.DateTimeField()),
                ("source", models.CharField(help_text="founding, proposal:12, …", max_length=120)),
            ],
            options={
                "ordering": ("valid_from", "pk"),
            },
        ),
        migrations.CreateModel(
            name="Contact",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "address",
                    models.TextField(blank=True, help_text="for letters, where not the register's"),
                ),
                ("phone", models.CharField(blank=True, max_length=40)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("language", models.CharField(blank=True, max_length=8)),
                (
                    "way",
                    models.CharField(
                        choices=[("email", "e-mail"), ("phone", "phone"), ("post", "post")],
                        default="email",
                        max_length=8,
                    ),
                ),
                ("valid_from", models.DateField()),
                ("recorded_at", models.DateTimeField()),
                ("forgotten_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="LinkedMembers",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reason", models.CharField(max_length=200)),
                ("linked_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="MemberEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "from_state",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("applicant", "applicant"),
                            ("active", "active"),
                            ("suspended", "suspended"),
                            ("leaving", "leaving"),
                            ("left", "left"),
                            ("refused", "refused"),
                            ("expelled", "expelled"),
                            ("deceased", "deceased"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "to_state",
                    models.CharField(
                        choices=[
                            ("applicant", "applicant"),
                            ("active", "active"),
                            ("suspended", "suspended"),
                            ("leaving", "leaving"),
                            ("left", "left"),
                            ("refused", "refused"),
                            ("expelled", "expelled"),
                            ("deceased", "deceased"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("application", "application"),
                            ("admission", "admission"),
                            ("refusal", "refusal"),
                            ("withdrawal", "taken back"),
                            ("resignation", "resignation"),
                            ("transfer", "transfer of all shares"),
                            ("suspension", "suspension"),
                            ("reinstatement", "reinstatement"),
                            ("expulsion", "expulsion"),
                            ("default", "default"),
                            ("death", "death"),
                            ("dissolution", "dissolution of the organisation"),
                            ("appeal", "appeal upheld"),
                            ("correction", "correction of a mistake"),
                            ("takeover", "taken over from an earlier register"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "text",
                    models.TextField(
                        blank=True, help_text="the reason in words; the member reads it"
                    ),
                ),
                (
                    "appeal",
                    models.TextField(
                        blank=True, help_text="how and until when the member may appeal"
                    ),
                ),
                ("effective_on", models.DateField()),
                ("recorded_at", models.DateTimeField()),
                (
                    "source",
                    models.CharField(
                        blank=True, help_text="proposal:12, import:3, …", max_length=120
                    ),
                ),
                (
                    "forgotten_at",
                    models.DateTimeField(help_text="since when the words are gone", null=True),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="Nominee",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("contact", models.TextField(blank=True, help_text="how to reach them")),
                ("named_on", models.DateField()),
                ("recorded_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                ("forgotten_at", models.DateTimeField(null=True)),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="NumberVoid",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=60)),
                ("number", models.PositiveIntegerField()),
                ("reason", models.CharField(max_length=200)),
                ("source", models.CharField(blank=True, max_length=120)),
                ("recorded_at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="Particulars",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("address", models.TextField(blank=True)),
                (
                    "born_on",
                    models.DateField(help_text="of a person; helps to tell two apart", null=True),
                ),
                ("valid_from", models.DateField()),
                ("recorded_at", models.DateTimeField()),
                ("source", models.CharField(blank=True, max_length=120)),
                (
                    "forgotten_at",
                    models.DateTimeField(help_text="since when the person is gone", null=True),
                ),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.CreateModel(
            name="Representative",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField(null=True)),
                ("source", models.CharField(help_text="what shows that they may", max_length=200)),
            ],
            options={
                "ordering": ("pk",),
            },
        ),
        migrations.RemoveConstraint(
            model_name="member",
            name="members_member_number_from_admission_on",
        ),
        migrations.AddField(
            model_name="member",
            name="ended_on",
            field=models.DateField(help_text="the day on which the membership ended", null=True),
        ),
        migrations.AddField(
            model_name="role",
            name="granted_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="member",
            name="state",
            field=models.CharField(
                choices=[
                    ("applicant", "applicant"),
                    ("active", "active"),
                    ("suspended", "suspended"),
                    ("leaving", "leaving"),
                    ("left", "left"),
                    ("refused", "refused"),
                    ("expelled", "expelled"),
                    ("deceased", "deceased"),
                ],
                default="applicant",
                max_length=12,
            ),
        ),
        migrations.AddIndex(
            model_name="member",
            index=models.Index(fields=["state", "number"], name="members_member_by_state"),
        ),
        migrations.AddConstraint(
            model_name="member",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["applicant", "refused"]),
                    ("number__isnull", False),
                    _connector="OR",
                ),
                name="members_member_number_from_admission_on",
            ),
        ),
        migrations.AddField(
            model_name="appeal",
            name="answered_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="bylawsconsent",
            name="given_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="bylawsconsent",
            name="member",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="consents",
                to="members.member",
            ),
        ),
        migrations.AddField(
            model_name="bylawsversion",
            name="published_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="bylawsconsent",
            name="bylaws",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="consents",
                to="members.bylawsversion",
            ),
        ),
        migrations.AddField(
            model_name="contact",
            name="member",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="contacts",
                to="members.member",
            ),
        ),
        migrations.AddField(
            model_name="contact",
            name="recorded_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="linkedmembers",
            name="ended_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="linkedmembers",
            name="first",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="members.member"
            ),
        ),
        migrations.AddField(
            model_name="linkedmembers",
            name="linked_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="linkedmembers",
            name="second",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="members.member"
            ),
        ),
        migrations.AddField(
            model_name="memberevent",
            name="decided_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="memberevent",
            name="member",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="members.member",
            ),
        ),
        migrations.AddField(
            model_name="appeal",
            name="event",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="answered",
                to="members.memberevent",
            ),
        ),
        migrations.AddField(
            model_name="nominee",
            name="member",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="nominees",
                to="members.member",
            ),
        ),
        migrations.AddField(
            model_name="nominee",
            name="nominee_member",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="members.member",
            ),
        ),
        migrations.AddField(
            model_name="nominee",
            name="recorded_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="nominee",
            name="revoked_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="numbervoid",
            name="recorded_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="particulars",
            name="member",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="particulars",
                to="members.member",
            ),
        ),
        migrations.AddField(
            model_name="particulars",
            name="recorded_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="representative",
            name="ended_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="representative",
            name="granted_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="representative",
            name="member",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="representatives",
                to="members.member",
            ),
        ),
        migrations.AddField(
            model_name="representative",
            name="user",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="represents",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="bylawsconsent",
            constraint=models.UniqueConstraint(
                fields=("member", "bylaws"), name="members_consent_once"
            ),
        ),
        migrations.AddIndex(
            model_name="contact",
            index=models.Index(fields=["member", "-id"], name="members_contact_latest"),
        ),
        migrations.AddConstraint(
            model_name="linkedmembers",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at", None)),
                fields=("first", "second"),
                name="members_link_once_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="linkedmembers",
            constraint=models.CheckConstraint(
                condition=models.Q(("first__lt", models.F("second"))),
                name="members_link_smaller_first",
            ),
        ),
        migrations.AddIndex(
            model_name="memberevent",
            index=models.Index(fields=["member", "-id"], name="members_event_latest"),
        ),
        migrations.AddConstraint(
            model_name="nominee",
            constraint=models.UniqueConstraint(
                condition=models.Q(("revoked_at", None)),
                fields=("member",),
                name="members_nominee_one",
            ),
        ),
        migrations.AddConstraint(
            model_name="nominee",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("nominee_member", None),
                    models.Q(("nominee_member", models.F("member")), _negated=True),
                    _connector="OR",
                ),
                name="members_nominee_is_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="numbervoid",
            constraint=models.UniqueConstraint(fields=("kind", "number"), name="members_void_once"),
        ),
        migrations.AddConstraint(
            model_name="numbervoid",
            constraint=models.CheckConstraint(
                condition=models.Q(("number__gt", 0)), name="members_void_is_a_number"
            ),
        ),
        migrations.AddIndex(
            model_name="particulars",
            index=models.Index(fields=["member", "-id"], name="members_particulars_latest"),
        ),
        migrations.AddConstraint(
            model_name="representative",
            constraint=models.UniqueConstraint(
                condition=models.Q(("until", None)),
                fields=("member", "user"),
                name="members_representative_once_at_a_time",
            ),
        ),
        migrations.RunSQL(RULES, UNDO),
        migrations.RunSQL(WHAT_WAS, migrations.RunSQL.noop),
    ]
