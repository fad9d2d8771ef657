"""What no file of the program may contain: ways in which text or a file could become code."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = [
    ROOT / "app.py",
    *(path for folder in ("backends", "dashboard", "scripts") for path in (ROOT / folder).rglob("*.py")),
]

#: Modules that unpickle.
UNPICKLING = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}
#: Calls that run text, by their last name; methods such as `network.eval()` take no argument.
RUNNING = {"eval", "exec", "compile", "__import__"}
#: Loaders of YAML that make plain values alone; the second is our own, of the first.
PLAIN_LOADERS = {"SafeLoader", "CSafeLoader", "_Loader"}


def faults(text: str) -> list[str]:
    """Return what is dangerous in a source text, with its line."""
    found = []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            found += [f"{node.lineno}: {name}" for name in names if name.partition(".")[0] in UNPICKLING]
        if isinstance(node, ast.Call):
            found += [f"{node.lineno}: {fault}" for fault in _of_call(node)]
    return found


def _of_call(call: ast.Call) -> list[str]:
    name = ast.unparse(call.func)
    options = {option.arg: ast.unparse(option.value) for option in call.keywords}
    # `.recv()` of a pipe of multiprocessing unpickles; of a socket it takes a number.
    bad = {
        "runs text": name in RUNNING,
        "unpickles": name == "torch.load" and options.get("weights_only") != "True",
        "may unpickle": name in ("np.load", "numpy.load") and options.get("allow_pickle") != "False",
        "unpickles what a pipe brings": name.endswith(".recv") and not call.args,
        "runs a shell": options.get("shell") == "True" or name in ("os.system", "os.popen"),
        "makes any object": name in ("yaml.load", "yaml.load_all")
        and not ({ast.unparse(argument) for argument in call.args[1:]} | {options.get("Loader", "")}) & PLAIN_LOADERS,
        "makes objects": name in ("yaml.unsafe_load", "yaml.full_load"),
        "pickles": options.get("allow_pickle") == "True" or options.get("allow_dangerous_deserialization") == "True",
    }
    return [f"{name}: {what}" for what, is_so in bad.items() if is_so]


def test_no_text_and_no_file_becomes_code():
    assert len(SOURCES) > 300
    assert {f"{path.relative_to(ROOT)}:{fault}" for path in SOURCES for fault in faults(path.read_text())} == set()


@pytest.mark.parametrize(
    "text",
    [
        "import pickle", "from joblib import load", "import dill as d", "eval(text)", "exec('a')", "torch.load(path)",
        "torch.load(path, weights_only=False)", "np.load(path)", "np.load(path, allow_pickle=True)",
        "yaml.load(text, yaml.Loader)", "yaml.load(text, Loader=yaml.UnsafeLoader)", "yaml.load(text)", "yaml.full_load(text)",
        "pipe.recv()", "os.system('a')", "subprocess.run('a', shell=True)", "xr.open_dataset(a, allow_pickle=True)",
    ],
)  # fmt: skip
def test_the_search_finds_what_it_looks_for(text):
    assert faults(text)


@pytest.mark.parametrize(
    "text", ["network.eval()", "torch.load(path, weights_only=True)", "np.load(path, allow_pickle=False)",
             "yaml.safe_load(text)", "yaml.load(text, _Loader)", "socket.recv(65536)", "re.compile('a')"]
)  # fmt: skip
def test_the_search_lets_the_rest_through(text):
    assert faults(text) == []
