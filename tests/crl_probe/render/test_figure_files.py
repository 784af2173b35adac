"""Figures for papers: all formats, drawn once, kept, and left out where there is nothing to show."""

import dataclasses
import logging

import numpy as np
import pytest

from crl_probe.evidence.evidence import Evidence
from crl_probe.probes.registry import measure
from crl_probe.render import figure_files
from crl_probe.render.figure_files import ENDINGS, draw_figures
from crl_probe.render.paper import figures
from crl_probe.runs.errors import ProbeError


@pytest.fixture(scope="module")
def success(fake_runs, small):
    evidence = Evidence(fake_runs, small, use_cache=False)
    return measure(evidence, ["success"]).results["success"]


def files(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_figure_is_drawn_once_in_every_format(success, tmp_path, monkeypatch):
    assert list(draw_figures({"maze_success": success}, tmp_path / "first")) == [("maze_success", None)]
    drawn = files(tmp_path / "first")
    assert set(drawn) == {f"maze_success{ending}" for ending in ENDINGS}
    assert drawn["maze_success.pdf"].startswith(b"%PDF")
    assert b"<svg" in drawn["maze_success.svg"]

    # Read from disk, a result has other types of number and no arrays in Fortran's order; it is the same result.
    again = dataclasses.replace(success, episode_length=np.int64(success.episode_length).item())
    again = dataclasses.replace(again, final_distance=np.asfortranarray(success.final_distance))
    monkeypatch.setattr(figures, "figure_of", None)
    assert list(draw_figures({"other_name": again}, tmp_path / "second")) == [("other_name", None)]
    assert sorted(files(tmp_path / "second").values()) == sorted(drawn.values())


@pytest.mark.parametrize("change", ["result", "code"])
def test_another_result_or_other_code_is_drawn_anew(success, tmp_path, monkeypatch, change):
    list(draw_figures({"success": success}, tmp_path / "first"))
    drawn = []
    figure_of = figures.figure_of
    monkeypatch.setattr(figures, "figure_of", lambda result: drawn.append(result) or figure_of(result))
    if change == "result":
        success = dataclasses.replace(success, final_distance=success.final_distance + 1)
    else:
        monkeypatch.setattr(figure_files, "_drawing_code", lambda: "other")
    list(draw_figures({"success": success}, tmp_path / "second"))
    assert len(drawn) == 1


def test_what_has_nothing_to_show_is_left_out(success, tmp_path):
    nothing = dataclasses.replace(
        success,
        steps_at_goal=success.steps_at_goal[:, :0],
        first_arrival=success.first_arrival[:, :0],
        is_at_goal_finally=success.is_at_goal_finally[:, :0],
        final_distance=success.final_distance[:, :0],
    )
    assert list(draw_figures({"nothing": nothing}, tmp_path / "figures")) == [("nothing", None)]
    assert not (tmp_path / "figures").exists()


def test_a_cache_that_cannot_be_written_is_done_without(success, tmp_path, own_cache, caplog):
    own_cache.write_text("a file where the directory should be")
    list(draw_figures({"success": success}, tmp_path / "figures"))
    assert set(files(tmp_path / "figures")) == {"success.pdf", "success.svg"}
    assert "a figure is not cached" in caplog.text


@pytest.mark.parametrize("damage", [lambda kept: kept[:100], lambda kept: b"<svg onload='alert(1)'/>", lambda _: b""])
def test_a_damaged_figure_is_never_copied_but_drawn_again(success, tmp_path, own_cache, caplog, damage):
    list(draw_figures({"success": success}, tmp_path / "first"))
    (kept,) = (own_cache / "results").iterdir()
    whole = kept.read_bytes()
    kept.write_bytes(damage(whole))
    with caplog.at_level(logging.WARNING):
        list(draw_figures({"success": success}, tmp_path / "second"))
    assert "drawing a figure again" in caplog.text
    assert files(tmp_path / "second") == files(tmp_path / "first")
    assert kept.read_bytes() == whole


def test_a_figure_that_fails_is_named_and_the_others_are_drawn(success, tmp_path, monkeypatch, failures_kept):
    figure_of = figures.figure_of

    def fails(result):
        if result.episode_length == 7:
            raise KeyError("no such axis")
        return figure_of(result)

    monkeypatch.setattr(figures, "figure_of", fails)
    broken = dataclasses.replace(success, episode_length=7)
    drawn = dict(draw_figures({"broken": broken, "success": success}, tmp_path / "figures"))
    assert drawn["success"] is None
    assert drawn["broken"].summary == "unexpected KeyError: 'no such axis'"
    assert "in fails" in drawn["broken"].traceback
    assert set(files(tmp_path / "figures")) == {"success.pdf", "success.svg"}


def test_what_a_killed_process_was_to_draw_is_left_out(success, tmp_path, monkeypatch, failures_kept):
    def killed(*_):
        yield figure_files.DrawnFigure({".svg": np.zeros(3, np.uint8)})
        raise ProbeError("a worker process was killed.")

    monkeypatch.setattr(figure_files, "map_calls", killed)
    results = {name: dataclasses.replace(success, episode_length=len(name)) for name in ("one", "three", "second")}
    drawn = dict(draw_figures(results, tmp_path / "figures"))
    assert drawn["one"] is None
    assert drawn["three"].summary == drawn["second"].summary == "unexpected ProbeError: a worker process was killed."


@pytest.mark.slow
def test_other_processes_draw_the_same(success, tmp_path):
    list(draw_figures({"success": success}, tmp_path / "here", use_cache=False))
    list(draw_figures({"success": success}, tmp_path / "there", workers=2, use_cache=False))
    assert files(tmp_path / "here") == files(tmp_path / "there")
