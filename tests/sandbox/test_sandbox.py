"""The decoder's own process: the caller gets an array or one sentence, whatever happens, and no leftovers."""

import gc
import logging
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from importlib import import_module
from pathlib import Path

import numpy as np
import psutil
import pytest
from pydicom.data import get_testdata_file
from waiting import until

import ctseg
from ctseg.errors import UserError
from ctseg.sandbox import processes
from ctseg.sandbox.runner import Limits, run_decoder
from ctseg.slices import SliceError, read_stack, shut_down, warm_up

MEBIBYTE = 1024**2
SHORT = Limits(memory_bytes=1024 * MEBIBYTE, cpu_seconds=10, output_bytes=16 * MEBIBYTE, wall_seconds=40.0)


@pytest.fixture(autouse=True)
def decoders_of_the_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def nothing_left_over(tmp_path: Path) -> Iterator[None]:
    yield
    shut_down()
    gc.collect()
    assert list(tmp_path.glob("ctseg-*")) == []
    assert decoder_processes() == []


def decoder_processes() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children(recursive=True)
        if child.status() != psutil.STATUS_ZOMBIE and "ctseg.sandbox.worker" in " ".join(child.cmdline())
    ]


def the_decoder() -> psutil.Process:
    """The only decoder process, once what is being started or is ending leaves just one."""
    until(lambda: len(decoder_processes()) == 1, "one decoder")
    [one] = decoder_processes()
    return one


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    path = tmp_path / "Doe^Jane.dcm"
    path.write_bytes(b"DICM")
    return path


def sentence_of(decoder: str, upload: Path, limits: Limits = SHORT) -> str:
    with pytest.raises(UserError) as refusal:
        run_decoder(f"bad_decoders:{decoder}", [upload], limits, upload.parent)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("decoder", "word"),
    [
        ("crash", "crash"),
        ("be_killed", "memory"),
        ("eat_memory", "memory"),
        ("fill_disk", "more room"),
        ("quote_file", "damaged"),
        ("lie_about_shape", "damaged"),
        ("lie_about_dtype", "damaged"),
        ("lie_about_length", "damaged"),
        ("answer_at_length", "damaged"),
        ("answer_nonsense", "crash"),
        ("answer_with_a_list", "crash"),
        ("leave_early", "crash"),
        ("no_such_decoder", "damaged"),
    ],
)
def test_misbehaving_decoder_is_one_sentence(decoder: str, word: str, upload: Path) -> None:
    sentence = sentence_of(decoder, upload)
    assert word in sentence
    assert sentence.endswith(".")
    assert "Doe" not in sentence


def test_decoder_that_never_comes_back_is_ended(upload: Path) -> None:
    assert "too long" in sentence_of("sleep", upload, replace(SHORT, wall_seconds=1.5))


def test_processor_time_is_limited(upload: Path) -> None:
    assert "too long" in sentence_of("spin", upload, replace(SHORT, cpu_seconds=1, wall_seconds=60))


@pytest.mark.thorough
def test_children_of_a_decoder_end_with_it(upload: Path) -> None:
    # Where six seconds were too few for the decoder to come that far, it gets many.
    for seconds in (6, 60):
        assert "too long" in sentence_of(
            "start_child_and_sleep", upload, replace(SHORT, wall_seconds=seconds)
        )
        if upload.read_text().isdigit():
            break
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(upload.read_text())).wait(timeout=30)


def test_long_refusals_are_cut_and_cleaned(upload: Path) -> None:
    sentence = sentence_of("preach", upload)
    assert sentence.isprintable()
    assert len(sentence) <= 600


def test_view_comes_back_whole_and_read_only(upload: Path) -> None:
    array, metadata = run_decoder("bad_decoders:mirrored", [upload], SHORT, upload.parent)
    assert array.tolist() == [5, 3, 1]
    assert array.dtype == np.int16
    assert metadata == {"path": str(upload)}
    with pytest.raises(ValueError, match="read-only"):
        array[0] = 1


def test_facts_that_do_not_fit_are_refused(upload: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctseg.slices.reading._DECODER", "bad_decoders:contradict_itself")
    with pytest.raises(SliceError, match="contradicts itself"):
        read_stack(upload, upload.parent)


def test_decoder_knows_no_secrets_and_imports_little(upload: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    warm_up()
    _, metadata = run_decoder("bad_decoders:environment", [upload], SHORT, upload.parent)
    assert "hf_secret" not in metadata["environment"].values()
    assert metadata["modules"] == []


def test_nothing_is_said_about_the_file(
    upload: Path, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        sentence_of("quote_file", upload)
    printed = capfd.readouterr()
    assert printed.out == printed.err == ""
    assert caplog.text == ""


@pytest.mark.thorough
def test_file_behind_the_pixels_goes_with_them(tmp_path: Path) -> None:
    stack = read_stack(get_testdata_file("CT_small.dcm"), tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert len(mapped_files(tmp_path)) == 1
    one = stack[0]
    del stack
    gc.collect()
    assert mapped_files(tmp_path) == []
    assert one.pixels.shape == (128, 128)


def test_freed_stack_is_empty_and_says_so(tmp_path: Path) -> None:
    stack = read_stack(get_testdata_file("CT_small.dcm"), tmp_path)
    stack.free()
    assert len(stack) == 0
    assert mapped_files(tmp_path) == []
    with pytest.raises(SliceError, match="upload it again"):
        stack[0]


def mapped_files(folder: Path) -> list[str]:
    maps = Path("/proc/self/maps")
    if not maps.exists():
        pytest.skip("linux: mapped files are listed under /proc only there")
    return [line for line in maps.read_text().splitlines() if str(folder) in line]


def test_two_are_decoded_at_once_and_a_third_waits(upload: Path) -> None:
    with ThreadPoolExecutor() as pool:
        runs = [
            pool.submit(run_decoder, "bad_decoders:wait_for_gate", [upload], SHORT, upload.parent)
            for _ in range(2)
        ]
        until(lambda: len(decoder_processes()) == 2 or any(run.done() for run in runs), "two decoders")
        impatient = replace(SHORT, place_seconds=0.05)
        assert "try again" in sentence_of("mirrored", upload, impatient)
        assert len(decoder_processes()) == 2
        third = pool.submit(run_decoder, "bad_decoders:mirrored", [upload], SHORT, upload.parent)
        (upload.parent / "gate").touch()
        for run in (*runs, third):
            assert run.result()[0].tolist() == [5, 3, 1]


@pytest.mark.thorough
def test_concurrent_reads_do_not_mix() -> None:
    names = ["CT_small.dcm", "J2K_pixelrep_mismatch.dcm"] * 2
    with ThreadPoolExecutor(4) as pool:
        stacks = list(pool.map(read_stack, [get_testdata_file(name) for name in names]))
    assert [stack.pixels.shape[1] for stack in stacks] == [128, 512, 128, 512]


def test_spare_is_used_once_and_replaced() -> None:
    warm_up()
    warm_up()
    spare = the_decoder()
    read_stack(get_testdata_file("CT_small.dcm"))
    until(lambda: not spare.is_running() or spare.status() == psutil.STATUS_ZOMBIE, "the used one to end")
    assert the_decoder().pid != spare.pid


def test_dead_spare_is_replaced() -> None:
    warm_up()
    spare = the_decoder()
    spare.kill()
    spare.wait()
    assert len(read_stack(get_testdata_file("CT_small.dcm"))) == 1


def test_spare_that_dies_during_the_request_is_a_sentence(
    upload: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes.sys, "executable", "/bin/false")
    assert "crash" in sentence_of("mirrored", upload)


def test_no_process_is_a_sentence(upload: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes.sys, "executable", str(upload.parent / "python"))
    assert "could not be started" in sentence_of("mirrored", upload)


def test_folder_that_cannot_be_written_is_a_sentence(upload: Path) -> None:
    with pytest.raises(UserError, match="no room"):
        run_decoder("bad_decoders:mirrored", [upload], SHORT, upload.parent / "gone")


def test_spare_ends_with_its_server() -> None:
    warm_up()
    spare = the_decoder()
    process = processes.spare.take()
    try:
        assert process.pid == spare.pid
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=30) == 0
    finally:
        processes.end(process)


def test_the_file_limit_leaves_no_compiled_module_cut_short(
    upload: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modules = tmp_path / "modules"
    modules.mkdir()
    (modules / "late.py").write_text(f"WORDS = {[str(number) for number in range(9000)]}\n", encoding="utf-8")
    (modules / "early.py").write_text(
        "def decode(path):\n    import numpy, late\n    return numpy.zeros(len(late.WORDS), bool), {}\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(modules))
    array, _ = run_decoder("early:decode", [upload], replace(SHORT, output_bytes=16384), tmp_path)
    assert array.size == 9000
    assert list(modules.rglob("*.pyc")) == []


def test_every_decoder_that_the_package_names_is_there() -> None:
    """One that is missing would only be told as a damaged file."""
    package = Path(ctseg.__file__).parent
    texts = [path.read_text(encoding="utf-8") for path in package.rglob("*.py")]
    named = {name for text in texts for name in re.findall(r'"(ctseg\.[\w.]+:\w+)"', text)}
    assert len(named) > 8
    for name in named:
        module, function = name.split(":")
        assert callable(getattr(import_module(module), function)), name
