"""The form that starts runs."""

from typing import Any, cast

from django import forms

from evalapp.generation.planning import WARMUP_CALLS
from evalapp.models import System, TaskSet
from evalapp.registry.queries import systems_to_ask

#: A measured run repeats samples up to this many requests; a limit beyond it is a slip of the pen.
MOST_SAMPLES = 1_000_000


class TaskSetChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """A task set with its size."""

    def label_from_instance(self, obj: Any) -> str:
        task_set = cast("TaskSet", obj)
        return f"{task_set.name} ({task_set.get_kind_display()}, {task_set.sample_count:,} samples)"


class SystemChoices(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # likewise
    """Systems with the models they ask."""

    def label_from_instance(self, obj: Any) -> str:
        system = cast("System", obj)
        if system.model is None or system.model.name == system.name:
            return system.name
        return f"{system.name} ({system.model.name})"


class RunForm(forms.Form):
    """One task set through one or more systems."""

    task_set = TaskSetChoice(queryset=TaskSet.objects.all(), label="Task set", empty_label="Choose one")
    systems = SystemChoices(
        queryset=System.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        help_text="Each becomes a run of its own.",
    )
    limit = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_SAMPLES,
        label="Samples at most",
        help_text="Left empty, all of them; in a measured run 100 requests.",
    )
    budget_usd = forms.DecimalField(
        required=False,
        min_value=0,
        max_digits=14,
        decimal_places=6,
        label="Budget per run in USD",
        help_text="Nothing is sent whose worst case would go beyond it.",
    )
    measured = forms.BooleanField(
        required=False,
        label="Measure speed",
        help_text="After a warm-up, one request at a time unless told otherwise, nothing from the cache.",
    )
    concurrencies = forms.CharField(
        required=False,
        max_length=100,
        label="Requests at a time",
        help_text="Several, such as 1, 4, 16, 64, are measured one after another.",
    )
    warmup_calls = forms.IntegerField(
        required=False,
        min_value=0,
        max_value=1000,
        label="Warm-up requests",
        help_text="Sent before the measured ones and not counted; 20 when left empty.",
    )
    streamed = forms.BooleanField(
        required=False, label="Stream the answers", help_text="Notes the time to the first token as well."
    )
    probed = forms.BooleanField(
        required=False,
        label="Try each model first",
        help_text="One request of a few tokens to each, so that a bad key, name or parameter costs nothing.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelMultipleChoiceField[System]", self.fields["systems"]).queryset = systems_to_ask()

    def clean_budget_usd(self) -> object:
        budget = self.cleaned_data["budget_usd"]
        if budget is not None and budget == 0:
            raise forms.ValidationError("A budget is more than 0 USD; leave it empty for none.")
        return budget

    def clean_concurrencies(self) -> list[int | None]:
        """Whole numbers; one None, the usual, when nothing is given."""
        try:
            numbers = [int(part) for part in self.cleaned_data["concurrencies"].replace(",", " ").split()]
        except ValueError:
            raise forms.ValidationError(
                "Give whole numbers with commas between them, such as 1, 4, 16."
            ) from None
        return [*numbers] or [None]

    def clean_warmup_calls(self) -> int:
        given = self.cleaned_data["warmup_calls"]
        return WARMUP_CALLS if given is None else int(given)

    @property
    def plan(self) -> dict[str, Any]:
        """What was chosen, as `plan_runs` takes it; for a valid form."""
        names = ("task_set", "concurrencies", "measured", "warmup_calls", "limit", "streamed", "budget_usd")
        chosen = {name: self.cleaned_data[name] for name in names}
        return chosen | {"systems": list(self.cleaned_data["systems"])}
