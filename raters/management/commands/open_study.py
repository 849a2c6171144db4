"""``open_study``: put finished runs of two or more systems before raters."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from evalapp.models import TaskSet
from raters import audit
from raters.studies.errors import StudyError
from raters.studies.opening import fresh_seed, open_study, runs_of
from raters.studies.protocol import DEFAULT_SCALE, read_criteria, read_scale
from raters.studies.review import outputs_naming_themselves

FINDINGS_LISTED = 20


class Command(BaseCommand):
    help = "Open a study: the systems' outputs on a task set, compared blind by several people each."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True, help="the study's name; raters never see it")
        parser.add_argument("--taskset", required=True, metavar="NAME", help="the task set to judge on")
        parser.add_argument(
            "--systems",
            required=True,
            metavar="A,B",
            help="system names, separated by commas; the first is the one whose sufficiency is in question",
        )
        parser.add_argument("--raters-per-sample", type=int, default=3, metavar="N", help="default 3")
        parser.add_argument(
            "--criteria",
            nargs="+",
            default=[],
            metavar="KEY:QUESTION",
            help='what raters are asked, for example overall:"Which answer is better?" (the default)',
        )
        parser.add_argument(
            "--graded", action="store_true", help="also ask how much better: slightly, clearly or much"
        )
        parser.add_argument(
            "--scores",
            nargs="?",
            default="",
            const=",".join(DEFAULT_SCALE),
            metavar="1:LABEL,2:LABEL,…",
            help="also ask a score for each output, on this scale from lowest to highest; without labels: "
            + ", ".join(f"{number}:{label}" for number, label in enumerate(DEFAULT_SCALE, start=1)),
        )
        parser.add_argument("--margin", type=float, default=0.1, help="on the win-rate scale; default 0.1")
        parser.add_argument("--seed", type=int, help="draws sides and order; default: a fresh one")
        parser.add_argument(
            "--both-bad-as-tie", action="store_true", help="count “both bad” as a tie before voting"
        )
        parser.add_argument(
            "--allow-missing", action="store_true", help="leave out samples that a system did not answer"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        task_set = TaskSet.objects.filter(name=options["taskset"]).first()
        if task_set is None:
            known = ", ".join(TaskSet.objects.values_list("name", flat=True)) or "none yet"
            raise CommandError(f"There is no task set “{options['taskset']}”. Task sets: {known}.")
        try:
            runs = runs_of(task_set, [name.strip() for name in options["systems"].split(",") if name.strip()])
            study = open_study(
                name=options["name"],
                task_set=task_set,
                runs=runs,
                raters_per_sample=options["raters_per_sample"],
                criteria=read_criteria(options["criteria"]),
                graded=options["graded"],
                scale=read_scale(options["scores"]),
                margin=options["margin"],
                seed=fresh_seed() if options["seed"] is None else options["seed"],
                both_bad_as_tie=options["both_bad_as_tie"],
                allow_missing=options["allow_missing"],
            )
        except StudyError as refusal:
            raise CommandError("\n".join(refusal.problems)) from None
        protocol = study.protocol
        self.stdout.write(
            f"Opened “{study.name}”: {protocol['comparisons']} comparisons, "
            f"{protocol['raters_per_sample']} raters each, seed {protocol['seed']}."
        )
        if protocol["left_out"]:
            self.stdout.write(f"Left out, lacking an output: {', '.join(protocol['left_out'])}")
        named = list(outputs_naming_themselves(runs))
        if named:
            self.stdout.write(f"{len(named)} outputs name themselves, so raters may guess who wrote them:")
            for output in named[:FINDINGS_LISTED]:
                self.stdout.write(f"  {output.sample} ({output.system}): {output.findings[0].words}")
            if len(named) > FINDINGS_LISTED:
                self.stdout.write(f"  … and {len(named) - FINDINGS_LISTED} more")
            audit.record(
                study,
                "self-naming outputs served as they are",
                actor=audit.CONSOLE,
                now=timezone.now(),
                detail={"outputs": len(named)},
            )
