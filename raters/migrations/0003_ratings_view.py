"""The view that turns judgments into rows of ratings.csv; `COPY (SELECT … FROM raters_rating)` reads it."""

from django.db import migrations

# ISO 8601 in UTC with milliseconds, whatever the session's time zone is.
MOMENT = """to_char({column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""

CREATE_VIEW = f"""
CREATE VIEW raters_rating AS
SELECT
    judgment.study_id,
    comparison.position,
    judgment.id AS judgment_id,
    answer.id AS answer_id,
    study.name AS study,
    'c' || lpad((comparison.position + 1)::text, greatest(6, length((comparison.position + 1)::text)), '0')
        AS comparison,
    sample.key AS sample,
    task_set.kind AS task_kind,
    answer.criterion,
    rater.pseudonym AS rater,
    seat.number AS seat,
    system_a.name AS system_a,
    system_b.name AS system_b,
    seat.shown_left,
    answer.choice_shown,
    CASE answer.choice_shown
        WHEN 'left' THEN seat.shown_left
        WHEN 'right' THEN CASE seat.shown_left WHEN 'a' THEN 'b' ELSE 'a' END
        ELSE answer.choice_shown
    END AS choice,
    answer.strength,
    CASE seat.shown_left WHEN 'a' THEN answer.score_left ELSE answer.score_right END AS score_a,
    CASE seat.shown_left WHEN 'a' THEN answer.score_right ELSE answer.score_left END AS score_b,
    nullif(judgment.comment, '') AS comment,
    CASE WHEN correction.id IS NULL THEN judgment.status ELSE 'superseded' END AS status,
    NULL::text AS exclusion_reason,
    {MOMENT.format(column="judgment.opened_at")} AS opened_at,
    {MOMENT.format(column="judgment.first_action_at")} AS first_action_at,
    {MOMENT.format(column="judgment.submitted_at")} AS submitted_at,
    trim_scale(judgment.active_ms / 1000.0) AS active_seconds,
    judgment.revision + 1 AS revision
FROM raters_judgment AS judgment
JOIN raters_study AS study ON study.id = judgment.study_id
JOIN evalapp_taskset AS task_set ON task_set.id = study.task_set_id
JOIN raters_answer AS answer ON answer.judgment_id = judgment.id
LEFT JOIN raters_judgment AS correction
    ON correction.lease_token = judgment.lease_token AND correction.revision = judgment.revision + 1
JOIN raters_rater AS rater ON rater.id = judgment.rater_id
JOIN raters_seat AS seat ON seat.id = judgment.seat_id
JOIN raters_comparison AS comparison ON comparison.id = seat.comparison_id
JOIN evalapp_sample AS sample ON sample.id = comparison.sample_id
JOIN evalapp_generation AS generation_a ON generation_a.id = comparison.generation_a_id
JOIN evalapp_run AS run_a ON run_a.id = generation_a.run_id
JOIN evalapp_system AS system_a ON system_a.id = run_a.system_id
JOIN evalapp_generation AS generation_b ON generation_b.id = comparison.generation_b_id
JOIN evalapp_run AS run_b ON run_b.id = generation_b.run_id
JOIN evalapp_system AS system_b ON system_b.id = run_b.system_id
"""


class Migration(migrations.Migration):
    dependencies = [("raters", "0002_guards"), ("evalapp", "0001_initial")]

    operations = [migrations.RunSQL(CREATE_VIEW, "DROP VIEW raters_rating")]
