"""What the CloudWatch agent is told to collect is there: metrics, units and paths."""

from __future__ import annotations

import json
import re
import subprocess
from typing import Any, Dict

import yaml

from ssm_bootstrap.model.capability import Capability, Verdict
from tests.deploy.monitoring.promql import written
from tests.deploy.programs import DEPLOY, found, needs
from tests.laws.tree import ROOT

PLACE = DEPLOY / "monitoring" / "cloudwatch"
AGENT: Dict[str, Any] = json.loads((PLACE / "amazon-cloudwatch-agent.json").read_text(encoding="utf-8"))
SCRAPE: Dict[str, Any] = yaml.safe_load((PLACE / "cloudwatch-prometheus.yaml").read_text(encoding="utf-8"))
PAGE = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")


def kept() -> str:
    """The names that the scrape keeps, as a regular expression."""
    (rule,) = SCRAPE["scrape_configs"][0]["metric_relabel_configs"]
    assert (rule["action"], rule["source_labels"]) == ("keep", ["__name__"])
    return str(rule["regex"])


@needs("promtool")
def test_prometheus_takes_the_scrape() -> None:
    words = [str(found("promtool")), "check", "config", "cloudwatch-prometheus.yaml"]
    done = subprocess.run(words, cwd=PLACE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_every_metric_that_is_declared_is_scraped_and_written_with_its_dimensions() -> None:
    processor = AGENT["logs"]["metrics_collected"]["prometheus"]["emf_processor"]
    known = written()
    for declared in processor["metric_declaration"]:
        assert re.fullmatch(declared["label_matcher"], SCRAPE["scrape_configs"][0]["job_name"])
        for selector in declared["metric_selectors"]:
            (name,) = [name for name in known if re.fullmatch(selector, name)]
            assert re.fullmatch(kept(), name)
            for dimensions in declared["dimensions"]:
                assert set(dimensions) <= {*known[name], "job"}


def test_a_name_that_is_kept_is_written() -> None:
    assert len([name for name in written() if re.fullmatch(kept(), name)]) == 4


def test_only_this_machine_is_scraped() -> None:
    assert [one["targets"] for one in SCRAPE["scrape_configs"][0]["static_configs"]] == [["127.0.0.1:9100"]]


def test_every_unit_is_one_of_ours_and_all_services_are_there() -> None:
    (collected,) = AGENT["logs"]["logs_collected"]["journald"]["collect_list"]
    assert set(collected["units"]) == {path.name for path in (ROOT / "systemd").glob("*.service")}


def test_the_page_says_what_the_files_say() -> None:
    prometheus = AGENT["logs"]["metrics_collected"]["prometheus"]
    assert prometheus["prometheus_config_path"].rpartition("/")[2] == "cloudwatch-prometheus.yaml"
    assert f"--namespace {prometheus['emf_processor']['metric_namespace']} " in PAGE
    assert f"{len(Capability) * len(Verdict)} metrics for verdicts" in " ".join(PAGE.split())
