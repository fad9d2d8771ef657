"""Room on the disk, asked for before something large is written."""

import shutil

import pytest

from backends.disk import RESERVE, ask
from backends.errors import InputError


def test_what_would_fill_the_disk_is_refused(tmp_path):
    free = shutil.disk_usage(tmp_path).free
    ask(0, tmp_path / "not" / "yet", "the store")
    with pytest.raises(InputError, match=r"the store may need .* GB in .*not.*, where .* GB are free and 0.5 GB stay so"):
        ask(2 * free, tmp_path / "not" / "yet", "the store")
    assert not (tmp_path / "not").exists()
    with pytest.raises(InputError, match="are free"):  # what is free now, but would not be left
        ask(free - RESERVE // 2, tmp_path, "the store")
