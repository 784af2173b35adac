"""The example report is consistent with itself: its sentences say what its numbers file says."""

import html
import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest

from crl_probe.metrics import Estimate, mean_difference, mean_effect
from crl_probe.probes.registry import PROBES

EXAMPLE = Path(__file__).parents[1] / "reports" / "example"
PAGE = (EXAMPLE / "index.html").read_text(encoding="utf-8")
NUMBERS = json.loads((EXAMPLE / "metrics.json").read_text(encoding="utf-8"))
(ENV,) = NUMBERS["by_depth"]

# Depths, counts and confidence levels are told by their words.
NOT_A_RESULT = re.compile(
    r"depths? [\d, ]+|[\d.]+ % interval|seeds? \d+|\(?p = [\d.e-]+|where 1 is \w+( to walls)?|90 % of its final height"
)


def plain(text):
    return html.unescape(text).replace("\u00a0", " ")


def of_class(name):
    return [plain(text) for text in re.findall(rf'<p class="{name}">([^<]*)</p>', PAGE)]


def ends(estimate):
    return [estimate.value, estimate.low, estimate.high]


def by_level(metrics):
    """Every aggregate of some metrics, and each seed's number by metric, part, source and level."""
    rows = [row for row in NUMBERS["by_depth"][ENV] if row["metric"] in metrics]
    seeds = {}
    for row in NUMBERS["runs"]:
        if row["metric"] in metrics:
            seeds.setdefault((row["metric"], row["part"], row["source"]), {}).setdefault(row["label"], []).append(
                row["value"]
            )
    return rows, seeds


def pool(metrics):
    """All numbers that a sentence about these metrics may hold: aggregates, means, and differences of levels."""
    rows, seeds = by_level(metrics)
    known = [row[end] for row in rows for end in ("value", "low", "high") if row[end] is not None]
    for levels in seeds.values():
        values = {label: np.array(of_level) for label, of_level in levels.items()}
        for of_level in values.values():
            known += ends(mean_effect(of_level).estimate)
        for one, other in itertools.permutations(values.values(), 2):
            known += ends(mean_difference(one, other).estimate)
    return np.array(known)


def unexplained(sentence, known):
    """The numbers of a sentence that none of the known ones is written as."""
    told = NOT_A_RESULT.sub("", sentence)
    odd = []
    for text in re.findall(r"(?<![\w.])−?\d[\d,]*(?:\.\d+)?", told):
        value = float(text.replace("−", "-").replace(",", ""))
        half = 0.5 * 10.0 ** -len(text.partition(".")[2]) + 1e-9
        if not any((np.abs(scale * known - value) <= half).any() for scale in (1.0, 100.0)):
            odd.append(text)
    return odd


@pytest.mark.parametrize("name", [name for name in PROBES if name != "bodies"])  # a point has no body
def test_findings_say_what_the_numbers_file_says(name):
    section = re.search(rf'<section id="{name}-1">(.*?)</section>', PAGE, flags=re.DOTALL)
    assert section, "the example has every section"
    found = [plain(text) for text in re.findall(r'<p class="found">([^<]*)</p>', section[1])]
    assert len(found) == (0 if name in ("rollouts", "learning_curves") else 1)
    for sentence in found:
        assert unexplained(sentence, pool(PROBES[name].metrics)) == []


def test_the_first_sentence_says_what_the_numbers_file_says():
    (sentence,) = of_class("finding")
    training, _, results = sentence.partition("in a quarter of training. ")
    assert training.startswith("Training ended early at some depths: success still rises by ")
    assert unexplained(results, pool(["success_rate"])) == []


def test_verdicts_say_what_the_numbers_file_says():
    verdicts = NUMBERS["verdicts"][ENV]
    assert of_class("told") == [verdict["sentence"] for verdict in verdicts]
    for verdict in verdicts:
        metric = verdict["basis"].partition(" ")[0]
        known = pool([metric, "success_rate", "wall_contrast"])
        if verdict["effect"] is not None:
            known = np.concatenate([known, ends(Estimate(**verdict["effect"]))])
        assert unexplained(verdict["sentence"], known) == []
    words = re.findall(r'class="verdict" data-word="([^"]*)"', PAGE)
    assert words == [verdict["word"] for verdict in verdicts]


def test_a_wrong_number_would_be_found():
    known = pool(["success_rate"])
    assert unexplained("a rate of 99.87 % at depth 4", known) == ["99.87"]
    assert unexplained("depth 4 and a 95 % interval", known) == []


def test_the_page_offers_the_files_that_lie_beside_it():
    data = json.loads(re.search(r'id="data">(.*?)</script>', PAGE, flags=re.DOTALL)[1])
    for name, text in data["downloads"].items():
        assert text.encode() == (EXAMPLE / name).read_bytes()
    assert NUMBERS["settings"]["id"] in PAGE
