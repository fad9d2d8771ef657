"""How figures write numbers, at axes and colour bars and under the pointer: as print does, ``120,000`` and ``1.2·10⁻⁵``."""

from typing import Literal

from bokeh.models import CustomJSHover, CustomJSTickFormatter

from dashboard.theme import PLAIN_BELOW, PLAIN_FROM

# mantissa() writes a number of so many decimals, with commas from five digits on, as style guides ask for.
_WRITE = """
    const power_of = (n) => "10" + [...String(n)].map((c) => c == "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[c]).join("")
    const mantissa = (value, decimals) => {
      const [whole, part] = Math.abs(value).toFixed(decimals).split(".")
      const grouped = whole.length > 4 ? whole.replace(/\\B(?=(\\d{3})+$)/g, ",") : whole
      const text = part == null ? grouped : grouped + "." + part
      return (value < 0 && /[1-9]/.test(text) ? "−" : "") + text
    }
    const plain = (size) => size >= from && size < below
    const exponent = (value) => Number(value.toExponential().split("e")[1])
    const decimals_of = (value) => (String(Number(value.toPrecision(12))).split("e")[0].split(".")[1] ?? "").length
    const times = (value, power) => value * (power < 0 ? 10 ** -power : 1) / (power > 0 ? 10 ** power : 1)
    const with_power = (value) => {
      const power = exponent(value), rest = times(value, power)
      return mantissa(rest, decimals_of(rest)) + "·" + power_of(power)
    }
"""
# All ticks of a linear scale have the same power of ten and the same decimals, as many as tell neighbours apart.
_LINEAR = """
    if (tick == 0) return "0"
    const largest = Math.max(...ticks.map(Math.abs), Math.abs(tick)), power = plain(largest) ? 0 : exponent(largest)
    const scaled = ticks.map((t) => times(t, power)).sort((a, b) => a - b)
    const steps = scaled.slice(1).map((t, k) => t - scaled[k]).filter((step) => step > 0)
    const step = steps.length ? Math.min(...steps) : Math.abs(times(tick, power)) / 1000
    const most = Math.min(Math.max(2 - Math.floor(Math.log10(step)), 0), 12)
    const exact = (d) => scaled.every((t) => Math.abs(t - Number(t.toFixed(d))) < 1e-3 * step)
    let decimals = 0
    while (decimals < most && !exact(decimals)) decimals++
    return mantissa(times(tick, power), decimals) + (power ? "·" + power_of(power) : "")
"""
# On a logarithmic scale each has its own, but all are written in full or none.
_LOGARITHMIC = """
    const known = Number(tick.toPrecision(3))
    if (ticks.every((t) => plain(Math.abs(t)))) return mantissa(known, decimals_of(known))
    return with_power(known).replace(/^1·/, "")
"""
_READING = """
    if (value == null || isNaN(value)) return "missing"
    const known = Number(Number(value).toPrecision(digits)), size = Math.abs(known)
    const written = !isFinite(known) || known == 0 ? String(known).replace("Infinity", "∞").replace("-", "−")
      : !plain(size) ? with_power(known)
      : size >= 10 ** (digits - 1) ? mantissa(Number(value), 0) : mantissa(known, decimals_of(known))
    return (name ? name + " = " : "") + written + (unit ? " " + unit : "")
"""
#: What writes the values of a read-out, by their names in it.
Writers = dict[str, Literal["numeral", "datetime", "printf"] | CustomJSHover]

_BOUNDS = {"from": PLAIN_FROM, "below": PLAIN_BELOW}


def linear_numbers() -> CustomJSTickFormatter:
    """Return what writes the numbers of a linear axis or colour bar."""
    return CustomJSTickFormatter(args=_BOUNDS, code=_WRITE + _LINEAR)


def logarithmic_numbers() -> CustomJSTickFormatter:
    """Return what writes the numbers of a logarithmic axis or colour bar."""
    return CustomJSTickFormatter(args=_BOUNDS, code=_WRITE + _LOGARITHMIC)


def reading(units: str = "", digits: int = 5, name: str = "") -> CustomJSHover:
    """Return what writes a value with its unit into a read-out, ``name = value unit`` where it has a name.

    Both are handed over as data, never as markup.
    """
    hover = CustomJSHover(code=_WRITE + _READING)
    say(hover, units, digits, name)
    return hover


def say(hover: CustomJSHover, units: str, digits: int = 5, name: str = "") -> None:
    """Let what :func:`reading` has returned write another unit or name."""
    hover.args = {**_BOUNDS, "unit": units, "digits": digits, "name": name}
