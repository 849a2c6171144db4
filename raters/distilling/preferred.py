"""The outputs that raters agreed to prefer in a study, each with its votes and what it was preferred to."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.db import connection

from evalapp.generation.distilling import ROWS_AT_ONCE, Example, can_be_a_pair, example, provenance_of
from evalapp.models import Generation
from evalapp.models.generation import GenerationState
from raters.models import Comparison, Study
from raters.models.studies import StudyState
from raters.studies.protocol import Protocol

#: More than half of the votes is a majority; a dataset to learn from may ask for more.
LEAST_SHARE = 0.5

_VOTES = """
SELECT position, choice, count(*) FROM raters_rating
WHERE study_id = %s AND criterion = %s AND status = 'counted'
GROUP BY position, choice
"""


class NothingToDistil(Exception):
    """A study that gives no preferred outputs yet; the message says why."""


@dataclass(frozen=True, slots=True)
class Agreed:
    """A comparison whose raters agreed: ``votes`` by choice, ``winner`` a or b."""

    position: int
    votes: dict[str, int]
    winner: str

    @property
    def share(self) -> float:
        """The winner's share of the votes."""
        return self.votes[self.winner] / sum(self.votes.values())


def preferred_examples(
    study: Study, *, criterion: str | None = None, least_share: float = LEAST_SHARE
) -> Iterator[Example]:
    """One example for each comparison that one system won by more than half and at least ``least_share``.

    ``criterion`` is the study's first when left out. Raises `NothingToDistil` while the study is open.
    """
    if study.state != StudyState.CLOSED:
        raise NothingToDistil(f"Study “{study.name}” is not closed: its results are sealed until then.")
    criteria = [each.key for each in Protocol.from_json(study.protocol).criteria]
    chosen = criterion or criteria[0]
    if chosen not in criteria:
        raise NothingToDistil(f"“{chosen}” is not a criterion of this study; it has {', '.join(criteria)}.")
    if not 0 <= least_share <= 1:
        raise NothingToDistil(f"A share of votes is from 0 to 1, not {least_share:g}.")
    agreed = {each.position: each for each in agreed_comparisons(study, chosen) if each.share >= least_share}
    parts = ("run__system", "run__task_set", "sample")
    pairs = Comparison.objects.filter(study=study).select_related(
        *(f"generation_{side}__{part}" for side in "ab" for part in parts)
    )
    for comparison in pairs.order_by("position").iterator(chunk_size=ROWS_AT_ONCE):
        if comparison.position in agreed:
            found = _example(study, chosen, comparison, agreed[comparison.position])
            if found is not None:
                yield found


def agreed_comparisons(study: Study, criterion: str) -> list[Agreed]:
    """Comparisons with a majority for a or b among their counted judgments, in order."""
    votes: dict[int, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_VOTES, [study.pk, criterion])
        for position, choice, count in cursor.fetchall():
            votes.setdefault(position, dict.fromkeys(("a", "b", "tie", "both_bad"), 0))[choice] = count
    return [
        Agreed(position, found, winner)
        for position, found in sorted(votes.items())
        for winner in ("a", "b")
        if 2 * found[winner] > sum(found.values())
    ]


def _example(study: Study, criterion: str, comparison: Comparison, agreed: Agreed) -> Example | None:
    """The preferred output and the other; None when the preferred one is no output to learn from."""
    winner, loser = comparison.generation_a, comparison.generation_b
    if agreed.winner == "b":
        winner, loser = loser, winner
    if not _is_usable(winner):
        return None
    prompts = {str(each.run.configuration.get("system_prompt", "")) for each in (winner, loser)}
    # What the two systems were told apart is not part of what they have in common.
    prompt = prompts.pop() if len(prompts) == 1 else ""
    found = example(winner.run, winner, system_prompt=prompt)
    other = example(loser.run, loser, system_prompt=prompt) if loser.output is not None else None
    if other is not None and can_be_a_pair(found):
        found = replace(found, rejected=other.preferred)
    return replace(
        found,
        provenance={
            "study": study.name,
            "simulated": study.simulated,
            "comparison": f"c{agreed.position + 1:06d}",
            "criterion": criterion,
            "votes": agreed.votes,
            "share": round(agreed.share, 4),
            "preferred_to": loser.run.system.name,
            "run": winner.run_id,
            "other_run": loser.run_id,
            **provenance_of(winner.run, winner),
        },
    )


def _is_usable(generation: Generation) -> bool:
    return generation.state == GenerationState.DONE and generation.finish_reason != "length"
