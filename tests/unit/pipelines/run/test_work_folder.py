"""One run at a time; a lock that a killed run cannot leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tfline.pipelines.run.work_folder import WorkFolder, default_work_folder
from tfline.transforms.errors import WorkFolderError

HOLD = """\
import sys, time
from pathlib import Path
from tfline.pipelines.run.work_folder import WorkFolder
with WorkFolder(Path(sys.argv[1])).locked():
    print("held", flush=True)
    time.sleep(60)
"""


def test_lock_makes_the_folders_and_names_the_process(tmp_path: Path) -> None:
    folder = WorkFolder(tmp_path / "deep" / "work")
    with folder.locked():
        assert folder.artifacts.is_dir()
        assert folder.log("1").parent.is_dir()
        assert (folder.root / "lock").read_text() == str(os.getpid())


def test_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    folder = WorkFolder(tmp_path)
    with pytest.raises(ValueError, match="inside"), folder.locked():
        raise ValueError("inside")
    with folder.locked():
        pass


def test_second_process_is_refused_until_the_first_is_killed(tmp_path: Path) -> None:
    folder = WorkFolder(tmp_path)
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(WorkFolderError, match=rf"\(process {holder.pid}\)"), folder.locked():
            pytest.fail("two runs hold the folder")
        holder.send_signal(signal.SIGKILL)
    with folder.locked():
        pass


def test_holder_is_the_process_that_holds_the_folder_while_it_lives(tmp_path: Path) -> None:
    folder = WorkFolder(tmp_path)
    assert folder.holder() is None
    with folder.locked():
        assert folder.holder() == os.getpid()
    assert folder.holder() is None


def test_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "work").touch()
    with (
        pytest.raises(WorkFolderError, match="The work folder cannot be written"),
        WorkFolder(tmp_path / "work").locked(),
    ):
        pytest.fail("a file is no folder")


def test_folder_on_a_read_only_file_system_is_refused() -> None:
    with (
        pytest.raises(WorkFolderError, match="The work folder cannot be written") as caught,
        WorkFolder(Path("/proc/tfline")).locked(),
    ):
        pytest.fail("nothing can be written there")
    assert "--work" in caught.value.hint


def test_default_folder_is_named_like_the_pipeline() -> None:
    assert default_work_folder("taxi") == Path(".tfline/taxi")
