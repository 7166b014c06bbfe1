"""amazon-ssm-agent.json as Go reads it: case, types, duplicates, what follows, and hostile content."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ssm_bootstrap.catalog.agent import SECTIONS, TEXT, TEXTS, WHOLE, YES_NO
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.configuration import MOST, Node, NotJson, parse, read_agent_config
from ssm_bootstrap.host.checkedfiles import Held
from ssm_bootstrap.model.agent import AgentConfig
from tests.fakes import RootedFiles
from tests.laws.secrets import CANARIES, leaks


def config(files: RootedFiles, content: Any) -> AgentConfig:
    files.put(paths.AGENT_CONFIG, content)
    found = read_agent_config(files)
    assert (found.path, found.present) == (paths.AGENT_CONFIG, True)
    return found


def test_no_configuration_changes_nothing(files: RootedFiles) -> None:
    assert read_agent_config(files) == AgentConfig(paths.AGENT_CONFIG, present=False)


def test_what_changes_where_the_agent_dials_is_read(files: RootedFiles) -> None:
    found = config(
        files,
        {
            "Mds": {"Endpoint": "mds.example", "StopTimeoutMillis": 20000},
            "Ssm": {"Endpoint": " https://vpce-1.ssm.example/path "},
            "S3": {"Endpoint": ""},
            "Kms": None,
            "Agent": {"Region": "eu-west-1", "ServiceDomain": "internal.example", "UseDualStackEndpoint": True},
            "Identity": {"ConsumptionOrder": ["OnPrem", "EC2"]},
            "Other": [1, {"deep": None}],
        },
    )
    assert found.endpoints == (("Ssm.Endpoint", "vpce-1.ssm.example"), ("Mds.Endpoint", "mds.example"))
    assert (found.region, found.service_domain, found.consumption_order) == ("eu-west-1", "internal.example", ("OnPrem", "EC2"))
    assert found.use_dual_stack
    assert found.problem == ""


@pytest.mark.parametrize(
    ("content", "region"),
    [
        ('{"Agent": {"Region": "a-b-1"}}', "a-b-1"),
        ('{"aGENT": {"rEGION": "a-b-1"}}', "a-b-1"),
        ('{"\\u0041gent": {"Region": "a-b-1"}}', "a-b-1"),
        ('{"Agent": {"Region": "a-b-1", "region": "c-d-2"}}', "c-d-2"),
        ('{"Agent": {"Region": "a-b-1"}, "agent": {"ContainerMode": false}}', "a-b-1"),
        ('{"Agent": {"Region": "a-b-1"}, "agent": {"REGION": "c-d-2"}}', "c-d-2"),
        ('{"Agent": {"Region": "a-b-1", "Region": null}}', "a-b-1"),
        ('{"Agent ": {"Region": "a-b-1"}}', ""),
        ('{"Agent": {"Re\u0301gion": "a-b-1"}}', ""),
        ("null", ""),
        ("{}", ""),
        (' \t\r\n{"Agent": null}\n\n', ""),
        ('{"Agent": {"Region": "\\ud800\\u0041\\ud83d\\ude00"}}', "\ufffdA\U0001f600"),
        (b'{"Agent": {"Region": "\xff"}}', "\ufffd"),
    ],
)
def test_keys_fold_case_and_the_last_counts(files: RootedFiles, content: Any, region: str) -> None:
    found = config(files, content)
    assert (found.problem, found.region) == ("", region)
    found.region.encode()  # what is read can be written


def test_the_two_letters_that_go_folds_beyond_ascii(files: RootedFiles) -> None:
    assert config(files, '{"\u017fsm": {"Endpoint": "a"}, "\u212ams": {"Endpoint": "b"}}').endpoints == (
        ("Ssm.Endpoint", "a"),
        ("Kms.Endpoint", "b"),
    )


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ('{\n  "Ssm": {}\n  broken}', "line 3, column 3: expected , or }"),
        ("", "line 1, column 1: the text ends, expected a value"),
        (b"\xef\xbb\xbf{}", "line 1, column 1: a byte order mark; expected none"),
        (b"\xff\xfe{\0}\0", "line 1, column 1: expected a value"),
        (b"\xff", "line 1, column 1: expected a value"),
        ("{}\n{}", "line 2, column 1: something follows the end; expected nothing"),
        ("{} // why", "line 1, column 4: something follows"),
        ('{"Ssm": {},}', "line 1, column 12: expected a key in double quotes"),
        ('{"Agent" {}}', "line 1, column 10: expected : after the key"),
        ("{'Agent': {}}", "line 1, column 2: expected a key in double quotes"),
        ('{"a": [1,]}', "line 1, column 10: expected a value"),
        ('{"a": [1 2]}', "line 1, column 10: expected , or ]"),
        ('{"a": NaN}', "line 1, column 7: expected a value"),
        ('{"a": Infinity}', "line 1, column 7: expected a value"),
        ('{"a": 01}', "line 1, column 8: expected , or }"),
        ('{"a": +1}', "line 1, column 7: expected a value"),
        ('{"a": \u0661}', "line 1, column 7: expected a value"),
        ('{"a": "b\n"}', "line 1, column 9: expected the string to end"),
        ('{"a": "\\x"}', "line 1, column 8: expected the string to end, or an escape"),
        ('{"a": "b', "line 1, column 9: the text ends, expected the string to end"),
        ('{"a": tru}', "line 1, column 7: expected a value"),
        ('{"a": 1', "line 1, column 8: the text ends, expected , or }"),
        ("[" * 100_000, "line 1, column 10001: nested deeper than 10000"),
        ('{"a":' * 5_000, "line 1, column 25001: the text ends, expected a value"),
        ("[]", "line 1, column 1: expected an object, found a list"),
        ('"text"', "line 1, column 1: expected an object, found a string"),
        ("7", "line 1, column 1: expected an object, found a number"),
        ('{"Ssm": []}', "line 1, column 9: Ssm: expected an object, found a list"),
        ('{"Kms": "x"}', "line 1, column 9: Kms: expected an object, found a string"),
        ('{"Mgs": {"Endpoint": 7}}', "line 1, column 22: Mgs.Endpoint: expected a string, found a number"),
        ('{"agent": {"REGION": true}}', "line 1, column 22: Agent.Region: expected a string, found true or false"),
        (
            '{"Ssm": {\n "HealthFrequencyMinutes": "5"}}',
            "line 2, column 28: Ssm.HealthFrequencyMinutes: expected a whole number, found a string",
        ),
        ('{"Identity": {"ConsumptionOrder": "EC2"}}', "line 1, column 35: Identity.ConsumptionOrder: expected a list of strings"),
        (
            '{"Identity": {"ConsumptionOrder": ["EC2", 1]}}',
            "line 1, column 43: Identity.ConsumptionOrder: expected a list of strings, found a number",
        ),
        ('{"Agent": {"SelfUpdate": "true"}}', "line 1, column 26: Agent.SelfUpdate: expected true or false, found a string"),
        ('{"Kms": 1, "Ssm": 2}', "line 1, column 9: Kms: "),
        ('{"Kms": {"Endpoint": 1}, "Kms": {"Endpoint": "a"}}', "line 1, column 22: Kms.Endpoint: "),
        ('{"Kms": 1, "Ssm": }', "line 1, column 19: expected a value"),
    ],
)
def test_what_the_agent_cannot_read_says_where_and_what_was_expected(files: RootedFiles, content: Any, problem: str) -> None:
    found = config(files, content)
    assert found.problem.startswith(problem)
    assert found == AgentConfig(paths.AGENT_CONFIG, True, problem=found.problem)


@pytest.mark.parametrize(
    ("number", "fits"),
    [
        ("5", True),
        ("-0", True),
        ("9223372036854775807", True),
        ("-9223372036854775808", True),
        ("9223372036854775808", False),
        ("1" * 5000, False),
        ("5.0", False),
        ("1e3", False),
    ],
)
def test_whole_numbers_are_those_of_go(files: RootedFiles, number: str, fits: bool) -> None:
    found = config(files, f'{{"Ssm": {{"HealthFrequencyMinutes": {number}}}}}')
    assert (found.problem == "") is fits


WRONG = {TEXT: 1, YES_NO: "true", WHOLE: "1", TEXTS: "OnPrem"}


@pytest.mark.parametrize(
    ("section", "key", "kind"),
    [(section, key, kind) for section, keys in SECTIONS.items() for key, kind in keys.items() if kind in WRONG],
)
def test_each_known_key_of_a_wrong_type_spoils_the_file(files: RootedFiles, section: str, key: str, kind: str) -> None:
    assert f"{section}.{key}: expected {kind}" in config(files, {section: {key: WRONG[kind]}}).problem
    assert config(files, {section: {key: None}}).problem == ""


def test_keys_that_only_some_agents_know_spoil_nothing(files: RootedFiles) -> None:
    found = config(files, {"Agent": {"UseDualStackEndpoint": "true", "GoMaxProcForAgentWorker": "2"}, "Ssm": {"Colour": []}})
    assert (found.problem, found.use_dual_stack) == ("", False)


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o664])
def test_usual_modes_are_read(files: RootedFiles, mode: int) -> None:
    files.put(paths.AGENT_CONFIG, {"Agent": {"Region": "eu-west-1"}}, mode)
    assert read_agent_config(files).region == "eu-west-1"


@pytest.mark.parametrize("spoil", ["mode", "owner", "directory"])
def test_one_that_another_user_may_write_leads_nobody(files: RootedFiles, spoil: str) -> None:
    from pathlib import Path

    files.put(paths.AGENT_CONFIG, {"Agent": {"Region": "eu-west-1"}, "Ssm": {"Endpoint": "ssm.evil.example"}}, 0o644)
    real = Path(files.real(paths.AGENT_CONFIG))
    if spoil == "mode":
        real.chmod(0o666)
    elif spoil == "owner":
        files.owner = 4242
    else:
        real.parent.chmod(0o777)
    found = read_agent_config(files)
    assert (found.present, found.problem, found.region, found.endpoints) == (True, "", "", ())
    assert "nobody else may write" in found.unreadable


def test_a_configuration_that_may_not_be_read_says_so(files: RootedFiles) -> None:
    files.denied.add(paths.AGENT_CONFIG)
    assert read_agent_config(files) == AgentConfig(paths.AGENT_CONFIG, True, unreadable="permission denied")


def test_a_directory_in_its_place_cannot_be_read_by_the_agent_either(files: RootedFiles) -> None:
    files.put(f"{paths.AGENT_CONFIG}/below")
    assert read_agent_config(files).problem == "it is a directory; expected a file"


def test_a_link_to_nowhere_is_no_file_to_the_agent(files: RootedFiles) -> None:
    from pathlib import Path

    where = Path(files.real(paths.AGENT_CONFIG))
    where.parent.mkdir(parents=True)
    where.symlink_to("/nowhere/at/all")
    assert read_agent_config(files) == AgentConfig(paths.AGENT_CONFIG, present=False)


def test_a_huge_file_is_not_called_broken(files: RootedFiles) -> None:
    found = config(files, b'{"Agent": {}}' + b" " * MOST)
    assert (found.problem, found.unreadable) == ("", "larger than 4 MB")


@pytest.mark.parametrize(
    "content",
    [
        '{"Profile": {"ShareCreds": "%s"}}',
        '{"Agent": {"Region": %s}}',
        '{"Agent": {"Region": "a" "%s"}}',
        '{"Agent": {}} %s',
        '{"%s',
    ],
)
def test_a_problem_never_quotes_the_file(files: RootedFiles, content: str) -> None:
    for canary in CANARIES.values():
        found = config(files, content % canary)
        assert found.problem
        assert leaks(repr(found)) == ()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=12,
)


def plain(node: Node) -> Any:
    """A node as Python's own reader gives it."""
    if node.kind == "an object":
        return {key: plain(value) for key, value in node.value}
    if node.kind == "a list":
        return [plain(item) for item in node.value]
    if node.kind == "a number":
        return json.loads(node.value)
    return node.value


@given(VALUES, st.sampled_from([None, 1, "\t"]), st.booleans())
def test_what_is_json_is_read_as_it_is(value: Any, indent: Any, ascii_only: bool) -> None:
    written = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    assert plain(parse(written.encode("utf-8", "replace"))[1]) == json.loads(
        written.encode("utf-8", "replace").decode("utf-8", "replace")
    )


@given(st.text(st.sampled_from('{}[],:"\\u0d8 1-.eEtrufalsn\n\t\x00\ufeff')))
def test_what_python_refuses_is_refused(text: str) -> None:
    def constant(name: str) -> Any:
        raise ValueError(name)

    try:
        json.loads(text, parse_constant=constant)
        good = True
    except ValueError:
        good = False
    try:
        parse(text.encode())
        ours = True
    except NotJson as error:
        ours = False
        assert str(error).startswith("line ")
    assert ours is good


@given(VALUES)
def test_any_json_gives_a_configuration_or_a_problem(value: Any) -> None:
    class OneFile(RootedFiles):
        def __init__(self) -> None:
            pass

        def hold(self, path: str, limit: int = 0) -> Held:
            return Held(json.dumps(value).encode(), 0o644, 0, 0, True, 0)

    found = read_agent_config(OneFile())
    assert found.present
    assert bool(found.problem) <= (not isinstance(value, dict) or bool(value))
