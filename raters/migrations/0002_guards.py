"""What the database itself keeps: what people said and did is only ever added, and the queue has a tail."""

from django.db import migrations

INSERT_ONLY = """
CREATE FUNCTION raters_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: its rows are only ever added', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation',
              HINT = 'A correction is a new row that supersedes the earlier one.';
END
$$;
CREATE TRIGGER raters_judgment_insert_only BEFORE UPDATE OR DELETE ON raters_judgment
    FOR EACH ROW EXECUTE FUNCTION raters_refuse_change();
CREATE TRIGGER raters_answer_insert_only BEFORE UPDATE OR DELETE ON raters_answer
    FOR EACH ROW EXECUTE FUNCTION raters_refuse_change();
CREATE TRIGGER raters_skip_insert_only BEFORE UPDATE OR DELETE ON raters_skip
    FOR EACH ROW EXECUTE FUNCTION raters_refuse_change();
CREATE TRIGGER raters_auditevent_insert_only BEFORE UPDATE OR DELETE ON raters_auditevent
    FOR EACH ROW EXECUTE FUNCTION raters_refuse_change();
"""

CHANGEABLE = """
DROP TRIGGER raters_judgment_insert_only ON raters_judgment;
DROP TRIGGER raters_answer_insert_only ON raters_answer;
DROP TRIGGER raters_skip_insert_only ON raters_skip;
DROP TRIGGER raters_auditevent_insert_only ON raters_auditevent;
DROP FUNCTION raters_refuse_change();
"""

# Far beyond any place drawn when a study opens, so that a seat that comes back always stands last.
TAIL = "CREATE SEQUENCE raters_tail_place AS bigint START WITH 1000000000000"
NO_TAIL = "DROP SEQUENCE raters_tail_place"


class Migration(migrations.Migration):
    dependencies = [("raters", "0001_initial")]

    operations = [
        migrations.RunSQL(INSERT_ONLY, CHANGEABLE),
        migrations.RunSQL(TAIL, NO_TAIL),
    ]
