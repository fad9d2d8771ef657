"""What the address of the Rollout page says of the question of the Sensitivity tab."""

from typing import Any

from backends.errors import InputError
from backends.experiments.rollout.sensitivity import Question, Ranges, bounds_of, ranges_of
from backends.experiments.rollout.view import RolloutView
from dashboard.rollout.address_keys import Report, RolloutAddressView, number_of, one_of, short
from dashboard.rollout.asking import MOST_MEMBERS, first_question


def of_question(view: RolloutView, question: Question, to: int) -> dict[str, Any]:
    """Return a question by the keys of the address, as far as it is not the first one; `to` is the number of a field."""
    first, every, names = first_question(view), view.prepared.settings.every, view.layout.names
    ends = () if question.ranges == first.ranges else bounds_of(view.layout, question.ranges)
    return {
        "error_model": "" if question.model == first.model else view.labels[question.model],
        "error_member": None if question.member is None else question.member + 1,
        "error_lead": None if question.lead == first.lead else question.lead // every,
        "error_of": names[question.field] if question.field else "",
        "sensitivity_to": names[to] if to else "",
        "box": tuple(short(end) for pair in ends for end in pair),
    }


def question_of(view: RolloutView, wanted: RolloutAddressView, report: Report) -> tuple[Question, int]:
    """Return the question that an address asks of forecasts, and the field that its answer is shown of."""
    first, every = first_question(view), view.prepared.settings.every
    labels = {label: number for number, label in enumerate(view.labels)}
    names = {name: number for number, name in enumerate(view.layout.names)}
    member, lead = wanted.error_member, first.lead
    if member is not None:
        member = number_of("error_member", member, min(view.prepared.ensemble.shape[1], MOST_MEMBERS), report) - 1
    if wanted.error_lead is not None:
        lead = every * number_of("error_lead", wanted.error_lead, len(view.leads) - 1, report)
    question = Question(
        model=one_of("error_model", wanted.error_model, labels, first.model, report),
        start=view.start,
        member=member,
        lead=lead,
        field=one_of("error_of", wanted.error_of, names, 0, report),
        ranges=_ranges(view, wanted.box, first.ranges, report),
    )
    to = names if view.layout.kind == "plane" else {}
    return question, one_of("sensitivity_to", wanted.sensitivity_to, to, 0, report)


def _ranges(view: RolloutView, box: tuple[float, ...], usual: Ranges, report: Report) -> Ranges:
    """Return the cells of a box, or the usual ones where none is asked for, or one that there cannot be."""
    if not box:
        return usual
    if view.layout.kind == "phase":
        report("box: these states lie nowhere; leave it out")
        return usual
    try:
        return ranges_of(view.layout, tuple(zip(box[::2], box[1::2], strict=True)))
    except InputError as problem:
        report(f"box: {problem}")
        return usual
