"""A study's frozen settings as the report takes them."""

from evalapp.reports.rows import Protocol
from raters.models import AuditEvent, Study
from raters.studies.protocol import Protocol as StudyProtocol


def protocol_of(study: Study) -> Protocol:
    """The protocol with the study's dates and the head of its chain of audit events."""
    settings = StudyProtocol.from_json(study.protocol)
    return Protocol(
        study=study.name,
        task_set=study.task_set.name,
        task_set_checksum=study.task_set.checksum,
        task_kind=study.task_set.kind,
        systems=settings.systems,
        criteria=tuple(criterion.key for criterion in settings.criteria),
        scale=settings.scale,
        graded=settings.graded,
        raters_per_sample=settings.raters_per_sample,
        margin=settings.margin,
        seed=settings.seed,
        both_bad_as_tie=settings.both_bad_as_tie,
        opened_at=study.opened_at,
        closed_at=study.closed_at,
        unsealed_early_at=study.unsealed_at,
        simulated=study.simulated,
        chain_head=chain_head(study),
    )


def chain_head(study: Study) -> str:
    """The seal of the study's latest audit event, empty before the first."""
    seals = AuditEvent.objects.filter(study=study).order_by("id").values_list("seal", flat=True)
    return seals.last() or ""
