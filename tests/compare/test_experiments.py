"""Experiments that call applications in this process."""

from __future__ import annotations

import json
from itertools import islice
from random import Random

import pytest

from compare.experiments import DATA, Unavailable, registry, security
from compare.experiments.corpus import bad_bodies, documents, good_body
from compare.experiments.lines import code_lines, core_lines, lines_by_file
from compare.experiments.registry import EXPERIMENTS
from compare.experiments.subject import signature
from compare.judging.claims import read_claims

from .found import found_by


def test_experiments_and_claims_match():
    assert {claim.experiment for claim in read_claims()} - {None} == set(EXPERIMENTS)


def test_an_experiment_reports_a_missing_package(monkeypatch):
    monkeypatch.setitem(registry.FILES, "together", "of_a_package.that_is_not_there")

    with pytest.raises(Unavailable, match="of_a_package"):
        EXPERIMENTS["together"]()


def test_flask_answers_its_own_errors_in_html_and_fastapi_in_json():
    shares = found_by("error_types")

    assert (shares["flask_html"], shares["flask_json"]) == (1, 0)
    assert shares["fastapi_html"] == 0
    assert shares["fastapi_json"] + shares["fastapi_text"] == 1


def test_both_declare_a_minimum_python():
    assert all(least >= 9 for least in found_by("python_versions").values())


def test_fastapi_asks_for_a_token_but_does_not_check_it():
    found = found_by("oauth2")

    assert (found["fastapi_asks_for_tokens"], found["fastapi_checks_tokens"]) == (1, 0)
    assert (found["fastapi_issues_tokens"], found["fastapi_jwt_libraries"]) == (0, 0)


def test_flask_rejects_a_forged_cookie():
    found = found_by("cookies_and_advisories")

    assert (found["honest_cookie_accepted"], found["tampered_cookie_accepted"]) == (1, 0)


def test_counts_advisories_of_packages_and_extensions():
    found = found_by("cookies_and_advisories")

    assert found["fastapi_advisories"] > 0 < found["flask_advisories"]
    assert 0 < found["extensions_with_advisories"] < 1


def test_refuses_incomplete_advisory_data(monkeypatch, tmp_path):
    for each in ("advisories.toml", "extensions.toml"):
        (tmp_path / each).write_text((DATA / each).read_text().replace("werkzeug = [", "another = ["))
    monkeypatch.setattr(security, "DATA", tmp_path)

    with pytest.raises(Unavailable, match="does not cover werkzeug"):
        EXPERIMENTS["cookies_and_advisories"]()


def test_both_render_the_same_template():
    found = found_by("templates")

    assert found["fastapi_same_page"] == 1
    assert found["fastapi_packages"] > found["flask_packages"] == 0


def test_fastapi_documents_its_routes_and_flask_does_not():
    found = found_by("documentation")

    assert (found["fastapi_routes_described"], found["flask_routes_described"]) == (1, 0)
    assert 0 < found["fastapi_refusals_described"] < 1
    assert found["fastapi_hosts_needed"] > 0


def test_each_async_flask_view_gets_its_own_loop():
    found = found_by("async_views")

    assert (found["answers_without_extra"], found["answers_with_extra"], found["share_of_a_loop"]) == (0, 1, 0)
    assert found["time_in_plain_views"] > 1


def test_a_mounted_flask_application_answers():
    assert found_by("together") == {"flask_answers": 1, "fastapi_answers": 1, "packages": 1}


def test_every_handler_gets_the_same_bad_requests():
    found = found_by("bad_requests")

    assert found["requests"] == len(set(bad_bodies(signature())))
    assert found["naive_500_html"] > 0 == found["manual_500_html"]
    assert found["pydantic_lax_let_through"] > 0 == found["pydantic_strict_let_through"] == found["manual_let_through"]


def test_some_random_documents_are_valid():
    drawn = [json.dumps(each).encode() for each in islice(documents(signature(), Random(0)), 100)]

    assert good_body(signature()) in drawn
    assert len({*drawn}) > 50


def test_counts_stale_releases_from_the_date_of_the_data():
    found = found_by("extensions")

    assert found["extensions"] >= 12
    assert 0 < found["not_imported_share"] < found["stale_share"] < 1


def test_both_validations_agree():
    found = found_by("validations")

    assert 0 < found["refused_documents"] < found["documents"]
    assert found["differing_answers"] == 0


def test_services_are_longer_than_hello_world():
    counted = found_by("lines")

    for name in ("fastapi", "flask"):
        assert counted[f"{name}_hello"] < counted[f"{name}_validated"] < counted[f"{name}_production"]
        assert counted[f"{name}_production"] == sum(lines_by_file()[name].values())


def test_the_services_share_code_beyond_their_routes():
    found = found_by("differing_lines")

    assert 0 < found["of_all_differ"] < found["services_differ"] < 1
    assert core_lines() > 0


def test_counts_lines_without_comments_and_docstrings(tmp_path):
    (tmp_path / "file.py").write_text(
        '"""What it is."""\n\n# Why.\nx = 1\n\n\ndef f():\n    """Returns."""\n    return x\n'
    )

    assert code_lines(tmp_path / "file.py") == ["x = 1", "def f():", "    return x"]
