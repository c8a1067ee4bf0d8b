"""The page shows everything that was measured, and needs no other file."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from itertools import takewhile

import pytest

from compare.page.record import Record
from compare.table import with_table

from ..services import ROOT
from . import records
from .browser import shown

HOSTILE = (
    '</script></style><b id="planted">x</b><img src=http://elsewhere.example/a.png onerror=alert(1)> "a" {{ 7*7 }}'
)
RECORDS = {
    "full": records.full(),
    "quick": records.quick(),
    "partial": records.partial(),
    "three rounds": records.of_rounds(3),
    "FastAPI alone": records.of_one_backend("fastapi", gone="flask"),
    "Flask alone": records.of_one_backend("flask", gone="fastapi"),
    "nothing": records.nothing(),
    "hostile": records.hostile(HOSTILE),
}
VOID = {"meta", "br"}
LITTLE_ELSE = "Other processes and the hypervisor took less than 1% of the cores' time in every round."


class Page(HTMLParser):
    """
    Attributes:
        elements: each tag with its attributes.
        text: all of it, a space for each run of white space.
        texts: the text in each element, by its id, or by its tag if it has no id.
    """

    def __init__(self, source):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self._open: list[tuple[str, str]] = []
        self.feed(source)
        self.close()
        assert not self._open
        self.text = " ".join("".join(self.texts["body"]).split())

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append((tag, dict(attributes).get("id") or tag))

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if tag in ("td", "th", "text"):  # neighbouring cells have no space between them
            self.handle_data(" ")
        assert self._open.pop()[0] == tag

    def handle_data(self, data):
        for _, name in self._open:
            self.texts.setdefault(name, []).append(data)

    def of(self, name):
        return " ".join("".join(self.texts.get(name, [])).split())

    def all(self, tag):
        return [attributes for each, attributes in self.elements if each == tag]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The pages by the name of the run."""
    return {name: read(record, tmp_path_factory.mktemp("page")) for name, record in RECORDS.items()}


def read(record, folder):
    return Page(records.page_of(record, folder).read_text())


def of(*names):
    return pytest.mark.parametrize("name", names)


def test_begins_with_the_held_loads_and_their_ratio(pages):
    page = pages["full"]

    begins = page.text[:600]

    assert "FastAPI holds 3,390 (3,288 to 3,492) requests/s and Flask holds 2,240 (2,195 to 2,285)" in begins
    assert (
        "with 99 of 100 answered within 50 ms (p99): FastAPI holds at least 1.51 (1.46 to 1.57) times as many."
        in begins
    )


@pytest.mark.parametrize(
    ("n_held", "told"), [(5, "2,240 requests/s in 5 of 7 rounds"), (7, "at least 2,240 requests/s")]
)
def test_shows_in_how_many_rounds_a_load_was_held(n_held, told, tmp_path):
    record = records.full()
    record["held"]["compiled"]["flask"] = dict.fromkeys(("low", "median", "high"), 2240.0)
    record["rounds_held"] = {"compiled": {"flask": [n_held, 7]}}
    for cell in record["cells"]:
        if cell["lane"] == "flask" and cell["share"]:
            cell["offered_per_s"] = 2240.0

    assert f"Flask holds {told}" in read(record, tmp_path).text


def test_shows_loads_on_other_servers_after_those_of_the_services(tmp_path):
    record = records.full()
    of_services = record["held"]["compiled"]
    record["held"]["compiled"] = {"flask_granian": {"low": 2300.0, "median": 2410.0, "high": 2500.0}} | of_services

    page = read(record, tmp_path)

    assert "Flask 2,240 (2,195 to 2,285) Flask, granian 2,410 (2,300 to 2,500) " in page.of("throughput")
    assert page.text[:600].count(" holds ") == 3  # the answer is about the services


def test_begins_with_the_first_workload_of_the_plan(tmp_path):
    record = records.full()
    record["held"] = dict(reversed(record["held"].items()))

    page = read(record, tmp_path)

    assert "FastAPI holds 3,390 " in page.text[:600]


def test_shows_when_the_choice_matters(pages):
    page = pages["full"]

    assert re.search(
        r"Up to 2,240 requests/s of “compiled”, both hold the load and the choice hardly matters; beyond that, "
        r"it hardly matters for speed with “heavy” \(0\.98 to 1\.01 times\); elsewhere FastAPI answers "
        r"more at its limit, by a factor of 1\.12 \(“sklearn”\) to 1\.57 \(“empty”\)\.",
        page.text,
    )


def test_explains_the_figures_of_an_experiment(tmp_path):
    record = records.full()
    record["claims"][4]["counts"] = "Eight calls at once, in units of one."

    assert "Eight calls at once, in units of one." in read(record, tmp_path).text


def test_compares_adjacent_turns_like_the_claims(tmp_path):
    record = records.full()
    for cell in record["cells"]:
        times = 2 if "fastapi" in cell["lane"] else 1
        cell["turns"] = [{"requests_per_s": times * 10.0}, {"requests_per_s": times * 1000.0}]

    assert re.search(r"by a factor of 2\.00 \(“[\w ]+”\) to 2\.00 \(“[\w ]+”\)\.", read(record, tmp_path).text)


def test_reports_a_faster_flask(tmp_path):
    record = records.full()
    for cell in record["cells"]:
        cell["requests_per_s"] *= 3 if "flask" in cell["lane"] else 1
    for claim in record["claims"]:
        claim["figures"] |= {"held_compiled": {"low": 0.4, "median": 0.5, "high": 0.625}}

    page = read(record, tmp_path)

    assert "Flask holds at least 2.00 (1.60 to 2.50) times as many" in page.text
    assert "the choice matters: Flask answers more at its limit, by a factor of " in page.text


def test_reports_no_difference_if_the_interval_shows_none(tmp_path):
    record = records.full()
    for cell in record["cells"]:
        cell["requests_per_s"] = 100.0 + cell["round"] % 2
    for claim in record["claims"]:
        claim["figures"] |= {"held_compiled": {"low": 0.98, "median": 1.01, "high": 1.04}}

    page = read(record, tmp_path)

    assert "no difference could be shown, the ratio is 1.01 (0.98 to 1.04)" in page.text
    assert "it hardly matters for speed" in page.text


def test_shows_the_lowest_rate_if_no_load_was_held(tmp_path):
    record = records.full()
    record["held"]["compiled"]["flask"] = {"low": 0.0, "median": 0.0, "high": 600.0}

    page = read(record, tmp_path)

    assert "and Flask holds fewer than 576 requests/s, the lowest rate offered, with 99 of 100" in page.text
    assert "Flask fewer than 576 " in page.of("throughput")
    assert "FastAPI holds at least 1.51 (1.46 to 1.57) times as many." in page.text


def test_reports_rounds_that_differ_too_much(tmp_path):
    record = records.full()
    for cell in record["cells"]:
        cell["requests_per_s"] = 100.0 * (3 if cell["round"] % 2 and cell["lane"] == "fastapi" else 1)

    page = read(record, tmp_path)

    assert "these rounds cannot tell whether it matters with “compiled” (1.00 to 3.00 times)" in page.text
    assert "hardly matters for speed with “empty” (1.00 to 1.00 times)" in page.text


@of("quick", "partial", "three rounds")
def test_too_few_rounds_give_only_a_first_impression(name, pages):
    page = pages[name]

    assert "times Flask's, also a first impression." in page.text
    assert "times as many." not in page.text


def test_a_full_run_has_no_banner(pages):
    page = pages["full"]

    assert not page.of("banner")
    assert "first impression" not in page.text


def test_a_quick_run_has_a_banner(pages):
    page = pages["quick"]

    assert "A quick run. 1 round of 0.5 s per cell" in page.of("banner")


def test_a_partial_run_has_a_banner_and_names_missing_parts(pages):
    page = pages["partial"]

    assert "Incomplete. The run ended after 2 of 7 rounds" in page.of("banner")
    assert "the load that each backend holds with 99 of 100 answered within 50 ms (p99) was not measured" in page.text
    assert page.of("throughput").endswith("Not measured.")


@of(*RECORDS)
def test_loads_nothing_and_runs_no_script(name, pages):
    page = pages[name]

    for tag, attributes in page.elements:
        assert tag not in ("script", "link", "img", "iframe", "object", "embed", "use", "image", "base")
        assert not [name for name in attributes if name.startswith("on") or name in ("src", "srcset", "style")]
    assert not re.search(r"url\(|@import|https?:", page.of("style"))
    places = {f"#{attributes['id']}" for _, attributes in page.elements if "id" in attributes}
    assert {link["href"] for link in page.all("a")} <= places | {"figures.json"}


def test_escapes_names_of_lanes_and_models(pages):
    page = pages["hostile"]

    assert HOSTILE in page.text
    assert HOSTILE in page.of("title")
    assert not [attributes for _, attributes in page.elements if attributes.get("id") == "planted"]


@of("full", "quick", "partial", "hostile")
def test_each_of_the_33_claims_has_a_row_with_its_verdict(name, pages):
    page = pages[name]

    verdicts = {
        claim["number"]: "no verdict" if claim["verdict"] == "not measured" and claim["figures"] else claim["verdict"]
        for claim in RECORDS[name]["claims"]
    }
    assert sorted(verdicts) == list(range(1, 34))
    for number, verdict in verdicts.items():
        assert re.match(rf"{number} .* {verdict} ", page.of(f"claim-{number}"))


def test_a_claim_has_its_sources_figures_rule_and_reason(pages):
    page = pages["full"]

    assert page.of("claim-9") == (
        "9 Flask is not for high load; FastAPI scales for machine learning. A B depends "
        "held compiled: 1.51 (1.46 to 1.57) times FastAPI ÷ Flask, requests/s within the service level, compiled "
        "held sklearn: 1.10 (1.07 to 1.14) times FastAPI ÷ Flask, requests/s within the service level, sklearn "
        "true if held compiled is at least 1.5 and held sklearn is at least 1.5 "
        "false if held compiled is less than 1.1 and held sklearn is less than 1.1 "
        "It depends on the model, and on how large a difference counts. The most that a service can hold lies between "
        "the highest rate that it held and the next rate that was offered; the figure is the ratio nearest to 1 that "
        "these allow. make drill tests both services under faults."
    )


def test_names_absent_lanes_with_their_reason(pages):
    page = pages["full"]

    assert "Not measured: node is not installed." in page.of("lanes")


def test_says_why_tutorial_lanes_are_unfair(pages):
    page = pages["full"]

    assert "As tutorials write them Unfair on purpose: " in page.of("lanes")


def test_names_lanes_limited_by_the_load_generator(pages):
    page = pages["full"]

    assert "24,100 requests/s from uvicorn without a framework" in page.of("measured")
    assert "may have been the bottleneck, for: bare ASGI, empty." in page.of("measured")


def test_wrong_answers_are_counted_at_the_top(pages):
    page = pages["hostile"]

    assert "Wrong answers. 3 requests got a wrong answer;" in page.of("banner")


def test_reports_other_load_and_warns_if_it_was_high(pages, tmp_path):
    told = "Other processes and the hypervisor took 0.4% of the cores' time, {worst} in the worst round"
    assert LITTLE_ELSE in pages["full"].of("measured")

    page = read(records.full() | {"others_shares": [*[0.004] * 6, 0.021]}, tmp_path)

    assert f"Something else ran. {told.format(worst='2.1%')}: " in page.of("banner")


@of(*RECORDS)
def test_every_plot_has_content_and_a_description(name, pages):
    page = pages[name]

    for place, (tag, attributes) in enumerate(page.elements):
        if tag == "svg" and attributes.get("role") == "img":
            inside = list(takewhile(lambda tag: tag != "svg", (tag for tag, _ in page.elements[place + 1 :])))
            assert inside[:2] == ["title", "desc"]
            assert {"rect", "line", "circle", "polyline"} & set(inside)


@of("full", "quick", "partial")
def test_shows_no_plot_twice(name, pages):
    page = pages[name]

    assert len(page.texts["title"]) == len(set(page.texts["title"]))


def test_labels_each_line_of_a_plot(pages):
    page = pages["full"]

    for name in ("● FastAPI p99", "● FastAPI p50", "■ Flask p99", "■ Flask p50"):
        assert f"{name} " in page.of("text")


def test_names_unusual_numbers_of_rows_and_connections(tmp_path):
    record = records.full()
    both = [cell for cell in record["cells"] if cell["workload"] == "compiled" and cell["lane"] in ("fastapi", "flask")]
    record["cells"] += [{**cell, "connections": 1} for cell in both if cell["share"] is None]

    page = read(record, tmp_path)

    assert "compiled, 1 connection 1.46 " in page.text
    assert " compiled: 1." in page.text
    assert "compiled The model as it is packaged, compiled to ONNX, one instance a request. 1 row, 64 con" in page.text


def test_explains_each_workload_before_the_first_section(pages):
    begins = pages["full"].text.partition("Latency against load")[0]

    for workload, asked in RECORDS["full"]["workloads"].items():
        assert f"{workload.replace('_', ' ')} {asked}" in begins


@pytest.mark.parametrize(("kept", "gone"), [("FastAPI", "Flask"), ("Flask", "FastAPI")])
def test_one_backend_is_shown_with_the_reason_for_the_missing_one(kept, gone, pages):
    page = pages[f"{kept} alone"]

    assert f"{kept} holds " in page.text
    assert f"{gone} was not measured (serve_{gone.lower()}/ does not exist)." in page.text
    assert gone not in page.of("steps")


def test_an_empty_run_has_no_plot(pages):
    page = pages["nothing"]

    assert not page.all("svg")
    assert "Incomplete. The run ended after 0 of 7 rounds" in page.text
    assert "The load generator It was not run." in page.of("measured")
    assert "Wrong answers No request was sent." in page.of("measured")


@of(*RECORDS)
def test_tables_name_their_columns_and_rows(name, pages):
    page = pages[name]

    assert all(head.get("scope") for head in page.all("th"))


@pytest.mark.slow
@of("full", "hostile")
def test_fits_a_telephone_without_sideways_scrolling(name, tmp_path):
    page = records.page_of(RECORDS[name], tmp_path)

    on_telephone = shown(page, width=360, folder=tmp_path)

    assert on_telephone.n_pixels_hidden == 0
    assert on_telephone.cut == []
    assert on_telephone.said == []


def test_shows_each_step_of_a_request_and_their_sum(pages):
    page = pages["full"]

    assert "FastAPI at 2,947 requests/s" in page.of("steps")
    assert "everything else 182 µs, 65% wait 61.5 µs, 22% in all 280 µs" in page.of("steps")
    assert "Without the wait, the four steps take 17% of FastAPI's and 13% of Flask's time." in page.of("steps")
    assert [bar["class"] for bar in page.all("rect") if "wait" in bar["class"]] == ["fastapi wait", "flask wait"]


def test_reports_an_unknown_wait(tmp_path):
    record = records.full()
    del record["steps_at_per_s"]
    for steps in record["steps_us"].values():
        del steps["wait"]

    page = read(record, tmp_path)

    assert "The wait for other requests is not known" in page.of("steps")
    assert "everything else 182 µs, 83% in all 219 µs" in page.of("steps")


def test_names_the_workload_in_which_a_lane_was_absent(tmp_path):
    record = records.full()
    of_flask = next(lane for lane in record["lanes"] if lane["lane"] == "flask")
    of_flask["workloads"][-1]["absent"] = "This lane died in round 2."

    assert "Not measured: Heavy: This lane died in round 2." in read(record, tmp_path).of("lanes")


def test_rounds_with_wrong_answers_count_in_no_ratio(tmp_path):
    record = records.full()
    for cell in record["cells"]:
        if (cell["lane"], cell["workload"]) == ("flask", "heavy"):
            cell["faults"] = {"status 503": 1}

    page = read(record, tmp_path)

    assert "Heavy" in page.of("lanes")
    assert "“heavy”" not in page.text


def test_the_sum_of_steps_without_a_server_is_labelled(tmp_path):
    record = records.full()
    for steps in record["steps_us"].values():
        del steps["everything else"], steps["wait"]

    page = read(record, tmp_path)

    assert re.search(r"without server \d", page.of("steps"))
    assert "Everything else" not in page.of("steps")


def test_shows_raised_limits_of_the_services(tmp_path):
    record = records.full()
    record["model"]["limits"] = {"SERVE_MAX_BODY_BYTES": "3000000"}

    page = read(record, tmp_path)

    assert "they ran with SERVE_MAX_BODY_BYTES=3000000." in page.text


def test_ratios_refer_to_the_first_lane_of_a_table(pages):
    page = pages["full"]

    assert re.search(r"The services as they ship FastAPI 4,\d{3} \S+ to \S+ 1 15\.\d 2\d\.\d", page.of("lanes"))
    assert re.search(r"Flask 2,8\d\d \S+ to \S+ 0\.\d\d \(0\.\d\d to 0\.\d\d\)", page.of("lanes"))
    assert re.search(r"FastAPI \(empty\) \S+ \S+ to \S+ 1 .* bare ASGI \S+ \S+ to \S+ 2\.4\d \(", page.of("lanes"))


def test_memory_and_start_come_from_the_same_workload(tmp_path):
    record = records.full()
    for cell in record["cells"]:
        if cell["workload"] != "compiled":
            cell["memory_mib"] = 999.0

    page = read(record, tmp_path)

    assert "memory after load, MiB 240 221" in page.of("weight")


def test_shows_weights_and_how_to_read_image_sizes(pages):
    page = pages["full"]

    assert "installed packages 31 28" in page.of("weight")
    assert "image, MiB unknown; on the host, run docker compose images" in page.of("weight")


def test_counts_the_lines_of_the_services_and_of_shared_code(pages):
    page = pages["full"]

    assert "FastAPI: 240 lines in 5 files. Flask: 289 lines in 5 files." in page.of("lines")
    assert "Shared by both, serve_core and model: 1,234 lines." in page.of("lines")
    assert re.search(r"\d FastAPI \d+ Flask ", page.of("lines"))


README = "before\n<!-- comparison -->\nold\n<!-- end of the comparison -->\nafter\n"


def test_the_readme_gets_a_row_for_each_claim_with_machine_and_date():
    readme = with_table(README, Record(records.full()))

    assert readme.startswith(
        "before\n<!-- comparison -->\nMeasured on 22 November 2026 with the model penguins on AMD EPYC"
    )
    assert readme.endswith("|\n<!-- end of the comparison -->\nafter\n")
    assert [int(number) for number in re.findall(r"^\| (\d+) \|", readme, re.MULTILINE)] == list(range(1, 34))
    assert re.search(r"^Wrong answers to [\d,]+ requests: none\.$", readme, re.MULTILINE)
    assert f"\n{LITTLE_ELSE}\n" in readme
    assert re.search(r"^\| 33 .*; peers: ", readme, re.MULTILINE)  # a figure that no rule uses, but that is shown
    assert readme.count("Measuring cannot show who uses it.") == 1
    assert with_table(readme, Record(records.full())) == readme


def test_escapes_names_in_the_readme():
    readme = with_table(README, Record(records.hostile("a | b\n<b>")))

    assert "| 1 | a &#124; b &lt;b&gt; |" in readme


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "page", "said"),
    [
        ("full", README, ""),
        ("quick", README, "is unchanged: the run was quick, incomplete or disturbed, and has no verdicts."),
        ("full", "no place for it\n", "is unchanged: it has no lines <!-- comparison --> and"),
    ],
)
def test_writes_the_readme_only_from_full_runs(name, page, said, tmp_path):
    readme, figures = tmp_path / "README.md", tmp_path / "figures.json"
    readme.write_text(page)
    figures.write_text(json.dumps(RECORDS[name]))

    command = [sys.executable, "-m", "compare.table", readme, "--record", figures]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert said in run.stderr
    assert (readme.read_text() == page) == (run.returncode != 0) == bool(said)


@pytest.mark.slow
@pytest.mark.parametrize("record", [[], {"claims": 1}, {"cells": [{}]}])
def test_an_invalid_record_leaves_the_readme_unchanged(record, tmp_path):
    readme, figures = tmp_path / "README.md", tmp_path / "figures.json"
    readme.write_text(README)
    figures.write_text(json.dumps(records.full() | record if isinstance(record, dict) else record))

    command = [sys.executable, "-m", "compare.table", readme, "--record", figures]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert run.stderr == f"{readme} is unchanged: it is not text, or {figures} is not a record.\n"
    assert readme.read_text() == README
