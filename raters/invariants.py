"""What must hold of every study at every moment, checked over all rows; each query names each violation."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import connection

from raters.audit import broken_links
from raters.models import Study


@dataclass(frozen=True, slots=True)
class Violation:
    """One row, or one group of rows, that breaks a rule."""

    rule: str
    what: str


CHECKS: dict[str, str] = {
    "a study has as many comparisons as its protocol says": """
        SELECT format('study %s has %s comparisons, its protocol says %s', study.id, count(comparison.id),
                      study.protocol ->> 'comparisons')
        FROM raters_study study LEFT JOIN raters_comparison comparison ON comparison.study_id = study.id
        GROUP BY study.id
        HAVING count(comparison.id) <> (study.protocol ->> 'comparisons')::int
    """,
    "a comparison has exactly the seats its protocol says": """
        SELECT format('comparison %s has %s seats, the protocol says %s', comparison.id, count(seat.id),
                      study.protocol ->> 'raters_per_sample')
        FROM raters_comparison comparison
        JOIN raters_study study ON study.id = comparison.study_id
        LEFT JOIN raters_seat seat ON seat.comparison_id = comparison.id
        GROUP BY comparison.id, study.id
        HAVING count(seat.id) <> (study.protocol ->> 'raters_per_sample')::int
            OR min(seat.number) <> 0 OR max(seat.number) <> count(seat.id) - 1
    """,
    "sides are even over a comparison": """
        SELECT format('comparison %s shows a on the left %s times of %s', comparison_id,
                      count(*) FILTER (WHERE shown_left = 'a'), count(*))
        FROM raters_seat
        GROUP BY comparison_id
        HAVING abs(2 * count(*) FILTER (WHERE shown_left = 'a') - count(*)) > 1
    """,
    "a comparison is of one sample, of two arms in declared order": """
        SELECT format('comparison %s compares generations %s and %s', comparison.id, a.id, b.id)
        FROM raters_comparison comparison
        JOIN evalapp_generation a ON a.id = comparison.generation_a_id
        JOIN evalapp_generation b ON b.id = comparison.generation_b_id
        LEFT JOIN raters_studyarm first ON first.study_id = comparison.study_id AND first.run_id = a.run_id
        LEFT JOIN raters_studyarm second ON second.study_id = comparison.study_id AND second.run_id = b.run_id
        WHERE a.sample_id <> comparison.sample_id OR b.sample_id <> comparison.sample_id
           OR first.position IS NULL OR second.position IS NULL OR first.position >= second.position
    """,
    "a seat, its comparison and its rater are of one study": """
        SELECT format('seat %s of study %s, comparison of study %s, rater of study %s', seat.id,
                      seat.study_id, comparison.study_id, rater.study_id)
        FROM raters_seat seat
        JOIN raters_comparison comparison ON comparison.id = seat.comparison_id
        LEFT JOIN raters_rater rater ON rater.id = seat.rater_id
        WHERE comparison.study_id <> seat.study_id OR rater.study_id <> seat.study_id
    """,
    "a judged seat has exactly one first judgment that counts, by its rater under its lease": """
        SELECT format('judged seat %s has %s such judgments', seat.id, count(judgment.id))
        FROM raters_seat seat
        LEFT JOIN raters_judgment judgment
          ON judgment.seat_id = seat.id AND judgment.status = 'counted' AND judgment.revision = 0
             AND judgment.rater_id = seat.rater_id AND judgment.lease_token = seat.lease_token
        WHERE seat.state = 'judged'
        GROUP BY seat.id
        HAVING count(judgment.id) <> 1
    """,
    "a judgment that counts fills its seat": """
        SELECT format('judgment %s counts, but seat %s is %s', judgment.id, seat.id, seat.state)
        FROM raters_judgment judgment JOIN raters_seat seat ON seat.id = judgment.seat_id
        WHERE judgment.status = 'counted'
          AND (seat.state <> 'judged' OR seat.rater_id <> judgment.rater_id
               OR seat.lease_token <> judgment.lease_token)
    """,
    "a judgment, its seat and its rater are of one study": """
        SELECT format('judgment %s', judgment.id)
        FROM raters_judgment judgment
        JOIN raters_seat seat ON seat.id = judgment.seat_id
        JOIN raters_rater rater ON rater.id = judgment.rater_id
        WHERE seat.study_id <> judgment.study_id OR rater.study_id <> judgment.study_id
    """,
    "never more counted judgments of a comparison than raters asked for, all by different raters": """
        SELECT format('comparison %s has %s counted judgments by %s raters', seat.comparison_id, count(*),
                      count(DISTINCT judgment.rater_id))
        FROM raters_judgment judgment
        JOIN raters_seat seat ON seat.id = judgment.seat_id
        JOIN raters_study study ON study.id = seat.study_id
        WHERE judgment.status = 'counted' AND judgment.revision = 0
        GROUP BY seat.comparison_id, study.id
        HAVING count(*) > (study.protocol ->> 'raters_per_sample')::int
            OR count(*) <> count(DISTINCT judgment.rater_id)
    """,
    "revisions of a judgment follow one another, by one rater from one seat": """
        SELECT format('lease %s has revisions 0 to %s in %s rows', lease_token, max(revision), count(*))
        FROM raters_judgment
        GROUP BY lease_token
        HAVING max(revision) <> count(*) - 1 OR count(DISTINCT rater_id) > 1
            OR count(DISTINCT seat_id) > 1 OR count(DISTINCT status) > 1
    """,
    "a judgment answers every criterion of its protocol once, and no other": """
        SELECT format('judgment %s answers %s', judgment.id, given.keys)
        FROM raters_judgment judgment
        JOIN raters_study study ON study.id = judgment.study_id
        CROSS JOIN LATERAL (
            SELECT coalesce(array_agg(answer.criterion::text ORDER BY answer.criterion), '{}') AS keys
            FROM raters_answer answer WHERE answer.judgment_id = judgment.id
        ) given
        CROSS JOIN LATERAL (
            SELECT array_agg(criterion ->> 'key' ORDER BY criterion ->> 'key') AS keys
            FROM jsonb_array_elements(study.protocol -> 'criteria') criterion
        ) asked
        WHERE given.keys <> asked.keys
    """,
    "times run forward": """
        SELECT format('judgment %s', id)
        FROM raters_judgment
        WHERE opened_at > submitted_at OR first_action_at < opened_at OR first_action_at > submitted_at
    """,
    "a leased seat is the one its rater holds": """
        SELECT format('seat %s is leased to rater %s, who holds %s', seat.id, seat.rater_id,
                      coalesce(cur.held_seat_id::text, 'none'))
        FROM raters_seat seat LEFT JOIN raters_ratercursor cur ON cur.rater_id = seat.rater_id
        WHERE seat.state = 'leased' AND cur.held_seat_id IS DISTINCT FROM seat.id
    """,
    "a rater's tally is the number of seats judged": """
        SELECT format('rater %s: tally %s, seats %s', rater.id, coalesce(cur.judged::text, 'none'),
                      count(seat.id))
        FROM raters_rater rater
        LEFT JOIN raters_ratercursor cur ON cur.rater_id = rater.id
        LEFT JOIN raters_seat seat ON seat.rater_id = rater.id AND seat.state = 'judged'
        GROUP BY rater.id, cur.judged
        HAVING cur.judged IS DISTINCT FROM count(seat.id)
    """,
    "a closed study has no seat in anybody's hands and no judgment after closing": """
        SELECT format('study %s: seat %s is leased', study.id, seat.id)
        FROM raters_study study JOIN raters_seat seat ON seat.study_id = study.id
        WHERE study.state = 'closed' AND seat.state = 'leased'
        UNION ALL
        SELECT format('study %s: judgment %s', study.id, judgment.id)
        FROM raters_study study JOIN raters_judgment judgment ON judgment.study_id = study.id
        WHERE study.state = 'closed' AND judgment.submitted_at > study.closed_at
    """,
    "an invitation leads to a rater of its own study": """
        SELECT format('invitation %s', invitation.id)
        FROM raters_invitation invitation JOIN raters_rater rater ON rater.id = invitation.rater_id
        WHERE rater.study_id <> invitation.study_id
    """,
    "simulated raters judge in simulated studies only, and nobody else does there": """
        SELECT format('rater %s of study %s', rater.id, study.id)
        FROM raters_rater rater JOIN raters_study study ON study.id = rater.study_id
        WHERE rater.simulated <> study.simulated
    """,
}
AUDIT_RULE = "no event is missing from a study's log, and none was changed"


def violations() -> Iterator[Violation]:
    """Every violation of every rule, over the whole database."""
    for rule, query in CHECKS.items():
        with connection.cursor() as cursor:
            # Without parameters the percent signs are read by format() alone.
            cursor.execute(query)
            for (what,) in cursor.fetchall():
                yield Violation(rule, what)
    for study in Study.objects.all():
        for event in broken_links(study.events.order_by("pk")):
            yield Violation(AUDIT_RULE, f"study {study.pk}: event {event.pk} ({event.action})")
