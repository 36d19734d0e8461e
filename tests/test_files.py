"""Writing a file: completely or not at all, through links, with the existing permissions.

Expected results follow POSIX (``open``, ``rename``, the file mode creation mask) and SECURITY.md.
"""

import os
import resource
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from dosimetry.files import read_any, refuse_overwriting, refuse_unwritable, write_whole
from dosimetry.problems import InputError

ROOT = Path(__file__).resolve().parents[1]
NOBODY = 65534


@pytest.fixture
def umask():
    """Return a function that sets the mask for new files; it is set back after the test."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def refused(path, code="unwritable-file"):
    """Write where that cannot be, and return what is said; asking before says the same."""
    with pytest.raises(InputError) as caught:
        write_whole(path, "new")
    (problem,) = caught.value.problems
    assert problem.code == code
    assert problem.place == f"{path}: file"
    return problem.message


@pytest.mark.parametrize("content", ["naïve\n", "", "a\r\nb", b"\x00\xff"])
def test_file_holds_what_was_written_without_leftovers(tmp_path, content):
    write_whole(tmp_path / "new", content)
    expected = content if isinstance(content, bytes) else content.encode()
    assert (tmp_path / "new").read_bytes() == expected
    assert os.listdir(tmp_path) == ["new"]


# Links.


def test_link_stays_and_its_target_is_replaced(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "file").write_text("old")
    (tmp_path / "near").symlink_to("far/file")
    (tmp_path / "link").symlink_to("near")
    write_whole(tmp_path / "link", "new")
    assert os.readlink(tmp_path / "link") == "near"
    assert os.readlink(tmp_path / "near") == "far/file"
    assert (tmp_path / "far" / "file").read_text() == "new"
    assert os.listdir(tmp_path / "far") == ["file"]


def test_target_of_a_dangling_link_is_created(tmp_path):
    (tmp_path / "link").symlink_to("file")
    write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "new"


def test_a_link_into_a_folder_that_is_missing_is_refused(tmp_path):
    (tmp_path / "link").symlink_to("missing/file")
    assert "No such file" in refused(tmp_path / "link")
    assert os.listdir(tmp_path) == ["link"]


def test_a_loop_of_links_is_refused(tmp_path):
    (tmp_path / "one").symlink_to("two")
    (tmp_path / "two").symlink_to("one")
    assert "symbolic links" in refused(tmp_path / "one")


def test_a_link_to_a_folder_is_refused(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    refused(tmp_path / "link", "not-a-file")
    assert os.listdir(tmp_path / "folder") == []


def test_hard_link_keeps_the_old_content(tmp_path):
    """A hard link: renaming gives the name to a new file, and leaves the old one to the others."""
    (tmp_path / "kept").write_text("old")
    os.link(tmp_path / "kept", tmp_path / "name")
    write_whole(tmp_path / "name", "new")
    assert (tmp_path / "kept").read_text() == "old"
    assert (tmp_path / "name").read_text() == "new"


# Permissions.


@pytest.mark.parametrize("permissions", [0o600, 0o640, 0o644, 0o664, 0o755])
def test_existing_file_keeps_its_permissions(tmp_path, umask, permissions):
    (tmp_path / "file").write_text("old")
    (tmp_path / "file").chmod(permissions)
    umask(0o027)
    write_whole(tmp_path / "file", "new")
    assert mode(tmp_path / "file") == permissions


@pytest.mark.parametrize(
    ("mask", "permissions"), [(0o077, 0o600), (0o027, 0o640), (0o022, 0o644), (0o002, 0o664)]
)
def test_a_new_file_has_the_permissions_that_the_umask_leaves(tmp_path, umask, mask, permissions):
    umask(mask)
    write_whole(tmp_path / "file", "new")
    assert mode(tmp_path / "file") == permissions


def test_a_private_file_is_private_while_it_is_written(tmp_path, umask, monkeypatch):
    (tmp_path / "file").write_text("old")
    (tmp_path / "file").chmod(0o600)
    umask(0o000)
    seen = []
    sync = os.fsync
    monkeypatch.setattr(os, "fsync", lambda handle: (seen.append(os.fstat(handle)), sync(handle)))
    write_whole(tmp_path / "file", "new")
    assert [stat.S_IMODE(one.st_mode) for one in seen] == [0o600]


def as_nobody(path):
    """Write as a user without rights, also where the tests run as root; return what was said."""
    program = (
        "import os, sys\nfrom pathlib import Path\n"
        "from dosimetry.problems import InputError\n"
        "from dosimetry.files import write_whole\n"
        f"if os.geteuid() == 0: os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        "try: write_whole(Path(sys.argv[1]), 'new')\n"
        "except InputError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, path],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture
def open_folder():
    """Return a folder that every user can reach and write to, as pytest's own cannot be."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


def test_writable_folder_takes_the_file(open_folder):
    """The others here are refused for what they say, and not since nobody could do anything."""
    assert as_nobody(open_folder / "file") == ""
    assert (open_folder / "file").read_text() == "new"


def test_read_only_folder_is_refused(open_folder):
    open_folder.chmod(0o555)
    said = as_nobody(open_folder / "file")
    open_folder.chmod(0o777)
    assert "cannot be written: its folder is read-only" in said
    assert os.listdir(open_folder) == []


def test_read_only_file_is_kept_in_a_writable_folder(open_folder):
    (open_folder / "file").write_text("signed")
    (open_folder / "file").chmod(0o444)
    assert "cannot be written: it is read-only" in as_nobody(open_folder / "file")
    assert (open_folder / "file").read_text() == "signed"
    assert os.listdir(open_folder) == ["file"]


# What is no file, and what cannot be one.


def test_folder_pipe_and_device_are_refused_unchanged(tmp_path):
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path / "folder", tmp_path / "pipe", Path("/dev/full"), Path("/dev/null")):
        before = path.stat()
        assert refused(path, "not-a-file") == "is not a plain file"
        assert (path.stat().st_mode, path.stat().st_ino) == (before.st_mode, before.st_ino)


@pytest.mark.parametrize("name", ["n" * 255, "ü" * 127 + "n", "n" * 250 + ".json"])
def test_a_name_may_be_as_long_as_the_system_allows(tmp_path, name):
    """255 bytes on the common file systems of Linux and macOS."""
    write_whole(tmp_path / name, "new")
    write_whole(tmp_path / name, "newer")
    assert os.listdir(tmp_path) == [name]
    assert (tmp_path / name).read_text() == "newer"


def test_a_name_that_is_too_long_is_refused(tmp_path):
    assert "too long" in refused(tmp_path / ("n" * 256)).lower()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("missing/file", "No such file"),
        ("file/below", "Not a directory"),
        ("null\0character", "null"),
    ],
)
def test_impossible_path_is_refused(tmp_path, name, why):
    (tmp_path / "file").write_text("old")
    assert why in refused(tmp_path / name)
    assert os.listdir(tmp_path) == ["file"]
    assert (tmp_path / "file").read_text() == "old"


@pytest.mark.parametrize("there", [True, False])
def test_full_disk_leaves_the_old_file(tmp_path, there):
    """The system's limit on the size of a file stands for the end of the disk."""
    if there:
        (tmp_path / "file").write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(InputError, match="cannot be written: File too large"):
            write_whole(tmp_path / "file", "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [path.read_text() for path in tmp_path.iterdir()] == (["old"] if there else [])


def test_any_content_is_read_up_to_its_limit(tmp_path):
    path = tmp_path / "a.bin"
    path.write_bytes(b"PK\x03\x04" + bytes(96))
    assert read_any(path, "a.bin", 100) == path.read_bytes()
    with pytest.raises(InputError, match="larger than"):
        read_any(path, "a.bin", 99)


def test_leftover_of_a_killed_run_is_ignored(tmp_path):
    (tmp_path / ".file.01234567.part").write_text("half")
    write_whole(tmp_path / "file", "new")
    assert (tmp_path / "file").read_text() == "new"
    assert (tmp_path / ".file.01234567.part").read_text() == "half"


# Several files at once.


def overwriting(sources, *targets):
    with pytest.raises(InputError) as caught:
        refuse_overwriting(sources, *targets)
    return caught.value.problems[0].code


@pytest.mark.parametrize("make", [Path.symlink_to, Path.hardlink_to])
def test_input_under_another_name_is_recognised(tmp_path, make):
    (tmp_path / "input").write_text("read")
    make(tmp_path / "other", tmp_path / "input")
    assert overwriting([tmp_path / "input"], tmp_path / "other") == "would-overwrite-input"


@pytest.mark.parametrize("other", ["one", "./one", "folder/../one", "link"])
def test_two_results_in_one_file_are_refused(tmp_path, other):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("one")
    assert overwriting([], tmp_path / "one", Path(f"{tmp_path}/{other}")) == "named-twice"


def test_different_files_are_let_through(tmp_path):
    (tmp_path / "input").write_text("read")
    missing = tmp_path / ("n" * 300)
    refuse_overwriting([tmp_path / "input", missing], tmp_path / "one", tmp_path / "two", missing)


def test_unwritable_target_is_found_before_any_work(tmp_path):
    refuse_unwritable(tmp_path / "one", tmp_path / "two")
    with pytest.raises(InputError, match=r"nowhere/two: file: cannot be written: No such file"):
        refuse_unwritable(tmp_path / "one", tmp_path / "nowhere" / "two")
    assert os.listdir(tmp_path) == []
