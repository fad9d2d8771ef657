"""At which values contour lines are drawn."""

import math
import re

import numpy as np

from backends.errors import InputError

#: About how many lines there are where nothing is asked for, and more than which cannot be told apart.
USUAL, MOST = 10, 60


def interval(low: float, high: float) -> float:
    """Return the round number (1, 2, 2.5 or 5 times a power of ten) that cuts a range into about ten."""
    wanted = (high - low) / USUAL
    power = 10 ** math.floor(math.log10(wanted))
    return min((factor * power for factor in (1, 2, 2.5, 5, 10)), key=lambda step: abs(math.log(step / wanted)))


def contour_levels(text: str, low: float, high: float) -> np.ndarray:
    """Return increasing levels.

    Parameters
    ----------
    text
        Nothing: multiples of a round number. One positive number: its multiples. Several, with blanks or semicolons
        between them: just these.
    low, high
        Least and greatest value of the field.

    Raises
    ------
    InputError
        If the text is something else, or there were more lines than can be told apart.
    """
    words = [word for word in re.split(r"[;\s]+|,\s+", text.replace("−", "-").strip()) if word]
    try:
        numbers = [float(word.replace(",", ".")) for word in words]
    except ValueError:
        numbers = [math.nan]
    if not all(map(math.isfinite, numbers)) or (len(numbers) == 1 and numbers[0] <= 0):
        raise InputError(
            f"contour levels must be an interval above zero, such as 40, or a list, such as -10 0 10; came {text!r}"
        )
    if len(numbers) > 1:
        return _few(np.unique(numbers), text)
    if not low < high:
        return np.empty(0)
    step = numbers[0] if numbers else interval(low, high)
    first, last = math.ceil(low / step), math.floor(high / step)
    if last - first >= MOST:
        raise InputError(f"contours every {step:g} would be {last - first + 1} lines; at most {MOST} can be told apart")
    return np.arange(first, last + 1) * step


def _few(levels: np.ndarray, text: str) -> np.ndarray:
    if len(levels) > MOST:
        raise InputError(f"at most {MOST} contour levels can be told apart; came {len(levels)} in {text[:40]!r}")
    return levels
