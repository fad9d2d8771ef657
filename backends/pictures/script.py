"""Python scripts that make a picture again with ``backends`` alone.

Whatever a user may have named, a file, a variable, a station, comes into a script as a literal and nowhere else, so that no
name can break a script or be run by it.
"""

import re
from collections.abc import Mapping, Sequence

#: Characters of the name of a file.
LONGEST = 100

_HEAD = '''"""Makes a picture of Assimilab's {page} page again, or its numbers.

In the folder of Assimilab,

    PYTHONPATH=. .venv/bin/python PATH/{name}.py out.png

writes the picture; out.svg, {others} the same or its numbers. Several files may be named. Nothing is downloaded.{files}
"""

import sys
{imports}
'''
_END = "for path in sys.argv[1:]:\n    save(exhibit, path)\n"
_ASKED = "if len(sys.argv) == 1:\n    sys.exit(__doc__)\n"
_FOLDER = """
Files are looked for in the data folder: that in the variable ASSIMILAB_DATA, or ./data."""
_FIND = "FOLDER = default_folder()\n"


def script(
    page: str,
    name: str,
    others: Sequence[str],
    imports: Mapping[str, Sequence[str]],
    literals: Mapping[str, tuple[str, object]],
    body: str,
    needs_files: bool = True,
) -> str:
    """Return the text of a script.

    Parameters
    ----------
    page
        Whose picture it makes.
    name
        Of the script, letters, digits, - and _.
    others
        What it can write beside PNG and SVG, endings without a dot.
    imports
        Names by the module that has them.
    literals
        Names of constants, each with a comment, our own words, and a value: a text, a number, or a list or dict of such.
    body
        From there to a variable `exhibit`.
    needs_files
        Whether `FOLDER`, the data folder, is wanted.
    """
    modules = {**imports, "backends.pictures.save": ["save"]}
    if needs_files:
        modules = {**modules, "backends.experiments.run": [
            *imports.get("backends.experiments.run", ()), "default_folder"]}  # fmt: skip
    lines = [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(modules.items())]
    own = [line for line in lines if line.startswith("from backends")]
    grouped = "\n".join([*(line for line in lines if line not in own), "", *own])
    written = _HEAD.format(
        page=page,
        name=name,
        others=", ".join(f"out.{e}" for e in others),
        imports=grouped,
        files=_FOLDER if needs_files else "",
    )
    constants = "".join(f"# {comment}\n{constant} = {literal(value)}\n" for constant, (comment, value) in literals.items())
    return written + "\n" + _ASKED + "\n" + constants + (_FIND if needs_files else "") + "\n" + body.strip("\n") + "\n" + _END


def literal(value: object) -> str:
    """Return Python for a value; of a text with several lines, and of a dict with such texts, one line of Python for each."""
    if isinstance(value, str) and value.count("\n") > 1:
        return "(\n" + "".join(f"    {line!r}\n" for line in value.splitlines(keepends=True)) + ")"
    if isinstance(value, dict) and any(isinstance(entry, str) and "\n" in entry for entry in value.values()):
        return "{\n" + "".join(f"    {key!r}: {_inside(literal(entry))},\n" for key, entry in value.items()) + "}"
    return repr(value)


def _inside(text: str) -> str:
    """Return lines of Python four columns further in, but for the first."""
    return text.replace("\n", "\n    ")


def stem(*parts: str) -> str:
    """Return the name of a file without its ending: parts joined by ``_``, of letters, digits, ``-`` and ``.`` alone."""
    plain = (re.sub(r"[^A-Za-z0-9.-]+", "-", part).strip("-.") for part in parts)
    return "_".join(part for part in plain if part)[:LONGEST].strip("-._") or "picture"
