"""The activation: from every place a person may put it, checked, and the code in no text of ours."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Optional

import pytest

from ssm_bootstrap.catalog.limits import ACTIVATION_CODE
from ssm_bootstrap.collect import paths
from ssm_bootstrap.collect.agent.activation import Code, CodeSources, read_activation_code, read_activation_id
from ssm_bootstrap.collect.settings import Configuration, read_configuration
from ssm_bootstrap.model.exitstatus import ExitStatus, Refusal
from tests.fakes import RootedFiles
from tests.laws.secrets import CANARIES, leaks

ID = "01234567-89ab-cdef-0123-456789abcdef"
CODE = CANARIES["activation-code"]
LEAST, MOST = ACTIVATION_CODE


@dataclass(frozen=True)
class Activation:
    """Both halves of one."""

    identifier: str
    code: Code


def read(
    files: RootedFiles,
    identifier: Optional[str] = ID,
    environment: Optional[dict[str, str]] = None,
    configuration: Optional[Configuration] = None,
    **sources: Any,
) -> Activation:
    known, settings = environment or {}, configuration or Configuration()
    found = Activation(
        read_activation_id(identifier, known, settings), read_activation_code(files, CodeSources(**sources), known, settings)
    )
    assert leaks(f"{found!r} {found.code}") == ()
    return found


def refused(files: RootedFiles, *rest: Any, **more: Any) -> Refusal:
    """What is said of a bad activation; never its code."""
    with pytest.raises(Refusal) as caught:
        read(files, *rest, **more)
    said = caught.value
    assert leaks(f"{said} {said!r} {said.__cause__!r}") == ()
    assert "\n" not in str(said)
    return said


def put(files: RootedFiles, path: str = "/etc/code", content: Any = f"{CODE}\n", mode: int = 0o600) -> str:
    return files.put(path, content, mode)


# where it comes from


def test_every_source_in_the_order_of_its_weight(files: RootedFiles) -> None:
    """Each source is taken away in turn; the next one then counts."""
    codes = {
        name: f"{name}-".ljust(LEAST, "x") for name in ("argument", "file", "variable", "pathvar", "credential", "key", "conf")
    }
    put(files, "/flag", codes["file"])
    put(files, "/pathvar", codes["pathvar"])
    put(files, f"/run/credentials/{'activation-code'}", codes["credential"], 0o400)
    put(files, "/conf", codes["conf"])
    put(files, paths.OUR_CONFIG, f"[activation]\ncode = {codes['key']}\ncode_file = /conf\n")
    sources: dict[str, Any] = {"argument": codes["argument"], "file": "/flag", "variable": codes["variable"]}
    environment = {"SSM_BOOTSTRAP_ACTIVATION_CODE_FILE": "/pathvar", "CREDENTIALS_DIRECTORY": "/run/credentials"}
    configuration = read_configuration(files)

    def now() -> str:
        return read(files, ID, environment, configuration, **sources).code.reveal()

    assert now() == codes["argument"]
    del sources["argument"]
    assert now() == codes["file"]
    del sources["file"]
    assert now() == codes["variable"]
    del sources["variable"]
    assert now() == codes["pathvar"]
    del environment["SSM_BOOTSTRAP_ACTIVATION_CODE_FILE"]
    assert now() == codes["credential"]
    del environment["CREDENTIALS_DIRECTORY"]
    assert now() == codes["key"]
    configuration = replace(configuration, has_code=False)
    assert now() == codes["conf"]


def test_standard_input_is_read_where_the_file_is_a_dash(files: RootedFiles) -> None:
    found = read(files, file="-", standard_input=f"  {CODE}\r\n")
    assert (found.code.reveal(), found.code.source) == (CODE, "standard input")


def test_an_empty_credentials_directory_is_passed_over(files: RootedFiles) -> None:
    found = read(files, ID, {"CREDENTIALS_DIRECTORY": "/run/none"}, Configuration(code_file=put(files)))
    assert found.code.source == "/etc/ssm-bootstrap.conf: [activation] code_file /etc/code"


@pytest.mark.parametrize(
    ("flag", "environment", "configured", "expected"),
    [
        (ID, {"SSM_BOOTSTRAP_ACTIVATION_ID": "no"}, "no", ID),
        (None, {"SSM_BOOTSTRAP_ACTIVATION_ID": f" {ID} "}, "no", ID),
        ("", {}, ID, ID),
        (ID.upper(), {}, "", ID),
    ],
)
def test_the_id_is_the_first_that_is_given(
    files: RootedFiles, flag: Optional[str], environment: dict[str, str], configured: str, expected: str
) -> None:
    found = read(files, flag, environment, Configuration(activation_id=configured), argument=CODE)
    assert found.identifier == expected


# what is wrong with it


def test_without_an_id_or_a_code_the_flag_is_named(files: RootedFiles) -> None:
    said = refused(files, None, argument=CODE)
    assert (said.status, str(said).partition(":")[0]) == (ExitStatus.USAGE, "--activation-id")
    said = refused(files)
    assert (said.status, str(said).partition(":")[0]) == (ExitStatus.USAGE, "--activation-code-file")


@pytest.mark.parametrize("bad", ["x", ID[:-1], f"“{ID}”", f" {ID}", f"{ID}\n", ID.replace("-", ""), "g" + ID[1:], CODE])
def test_an_id_that_is_no_uuid_names_who_gave_it(files: RootedFiles, bad: str) -> None:
    said = refused(files, bad, argument=CODE)
    assert said.status is ExitStatus.USAGE
    assert str(said).startswith("--activation-id: expected an activation id, a UUID as in ")
    said = refused(files, None, {}, Configuration(activation_id=bad), argument=CODE)
    assert said.status is ExitStatus.BAD_CONTENT
    assert str(said).startswith("/etc/ssm-bootstrap.conf: [activation] id: expected")


def test_a_variable_that_is_no_uuid_is_content(files: RootedFiles) -> None:
    said = refused(files, None, {"SSM_BOOTSTRAP_ACTIVATION_ID": "x"}, argument=CODE)
    assert (said.status, str(said).partition(":")[0]) == (ExitStatus.BAD_CONTENT, "SSM_BOOTSTRAP_ACTIVATION_ID")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", "empty; expected an activation code"),
        ("unset", "no activation code was put in place"),
        (CODE[:10], f"expected {LEAST} to {MOST} characters, found 10"),
        ("x" * (MOST + 1), f"expected {LEAST} to {MOST} characters, found {MOST + 1}"),
        (f"“{CODE}”", "letters and digits in one word; found curly quotes, as text pasted from a document has"),
        (f"‘{CODE}’", "letters and digits in one word; found curly quotes"),
        (f"{CODE[:5]} {CODE[5:]}", "letters and digits in one word; found spaces or quotes"),
        (f"{CODE[:5]}\n{CODE[5:]}", "letters and digits in one word; found spaces or quotes"),
        (f'"{CODE}"', "letters and digits in one word; found spaces or quotes"),
        (f"'{CODE}'", "letters and digits in one word; found spaces or quotes"),
        (f"\ufeff{CODE}", "letters and digits in one word; found letters outside ASCII"),
        (f"{CODE[:5]}\u200b{CODE[5:]}", "letters and digits in one word; found letters outside ASCII"),
        (f"{CODE}\x00x", "expected printable characters"),
        (f"{CODE}\x1b[31m", "expected printable characters"),
    ],
)
@pytest.mark.parametrize("how", ["argument", "variable", "standard_input"])
def test_a_malformed_code_is_told_without_it(files: RootedFiles, code: str, said: str, how: str) -> None:
    more = {"file": "-"} if how == "standard_input" else {}
    found = refused(files, **{how: code or " ", **more})  # an empty variable is as good as none
    assert found.status is ExitStatus.BAD_CONTENT
    names = {"argument": "--activation-code", "variable": "SSM_BOOTSTRAP_ACTIVATION_CODE", "standard_input": "standard input"}
    assert str(found).startswith(f"activation-malformed: {names[how]}: ")
    assert said in str(found)
    assert code[2:8] not in str(found) or len(code) < 8


@pytest.mark.parametrize("length", [LEAST, MOST])
def test_codes_of_the_least_and_the_most_length_are_taken(files: RootedFiles, length: int) -> None:
    assert len(read(files, argument="x" * length).code.reveal()) == length


# the file that holds it


@pytest.mark.parametrize(
    ("mode", "owner", "fits"),
    [
        (0o600, 0, True),
        (0o400, 0, True),
        (0o700, 0, True),
        (0o640, 0, False),
        (0o604, 0, False),
        (0o666, 0, False),
        (0o610, 0, False),
        (0o600, 1000, False),
    ],
)
@pytest.mark.parametrize("how", ["flag", "variable", "configuration"])
def test_a_file_that_holds_a_code_is_roots_alone(files: RootedFiles, mode: int, owner: int, fits: bool, how: str) -> None:
    path = put(files, mode=mode)
    files.owner = owner
    arguments: dict[str, Any] = {
        "flag": {"file": path},
        "variable": {"environment": {"SSM_BOOTSTRAP_ACTIVATION_CODE_FILE": path}},
        "configuration": {"configuration": Configuration(code_file=path)},
    }[how]
    if fits:
        assert read(files, **arguments).code.reveal() == CODE
        return
    said = refused(files, **arguments)
    assert said.status is ExitStatus.BAD_CONTENT
    assert f"/etc/code: owner {owner}, mode {mode:04o}; expected a file of root with mode 0600" in str(said)


@pytest.mark.parametrize("mode", [0o644, 0o640])
def test_a_configuration_that_holds_the_code_is_roots_alone_too(files: RootedFiles, mode: int) -> None:
    put(files, paths.OUR_CONFIG, f"[activation]\ncode = {CODE}\n", mode)
    said = refused(files, ID, {}, read_configuration(files))
    assert (said.status, f"mode {mode:04o}" in str(said)) == (ExitStatus.BAD_CONTENT, True)


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"\xff\xfe" * 20, "expected text, found bytes that are no UTF-8"), (f"“{CODE}”", "found curly quotes"), ("", "empty")],
)
def test_a_file_with_something_else_in_it(files: RootedFiles, content: Any, said: str) -> None:
    found = refused(files, file=put(files, content=content))
    assert found.status is ExitStatus.BAD_CONTENT
    assert "--activation-code-file" in str(found) and "/etc/code" in str(found) and said in str(found)


def test_a_file_that_is_not_there(files: RootedFiles) -> None:
    said = refused(files, file="/nowhere")
    assert str(said) == "--activation-code-file: /nowhere: no such file or directory"
    assert said.status is ExitStatus.BAD_CONTENT


def test_what_is_no_file_is_refused(files: RootedFiles) -> None:
    put(files, "/etc/code/below")
    assert str(refused(files, file="/etc/code")) == "--activation-code-file: /etc/code: expected a regular file"


def test_the_units_placeholder_is_no_code(files: RootedFiles) -> None:
    put(files, "/run/credentials/activation-code", "unset\n")
    said = refused(files, ID, {"CREDENTIALS_DIRECTORY": "/run/credentials"})
    assert str(said) == "activation-malformed: systemd credential activation-code: no activation code was put in place"


def test_the_code_is_shown_nowhere_by_mistake() -> None:
    code = Code(CODE, "a file")
    sources = CodeSources(argument=CODE, standard_input=CODE, variable=CODE, file="/etc/code")
    shown = [repr(code), str(code), f"{code}", f"{code!s:>40}", repr([code]), repr(Activation(ID, code)), repr(sources)]
    assert leaks(" ".join(shown)) == ()
    assert code.reveal() == CODE


def test_an_empty_variable_is_none_and_is_named_where_no_code_is_found(files: RootedFiles) -> None:
    """As in SSM_BOOTSTRAP_ACTIVATION_CODE=$CODE with CODE unset."""
    said = refused(files, variable="")
    assert said.status is ExitStatus.USAGE and said.message.endswith("; SSM_BOOTSTRAP_ACTIVATION_CODE is set, and empty")
    assert "is set" not in refused(files).message
    path = put(files)
    assert read(files, environment={"SSM_BOOTSTRAP_ACTIVATION_CODE_FILE": path}, variable="").code.reveal() == CODE
    assert refused(files, variable=" ").status is ExitStatus.BAD_CONTENT


# a code given for something else


SPELLINGS = (
    CODE,
    f'"{CODE}"',
    f" {CODE} ",
    f"“{CODE}”",
    f"/{CODE}",
    f"./{CODE}",
    f"{CODE[:6]}/{CODE[6:]}",
    f"/{CODE[:6]}/{CODE[6:]}",
)


@pytest.mark.parametrize("given", SPELLINGS)
@pytest.mark.parametrize("how", ["flag", "variable", "configuration"])
def test_a_code_given_as_the_path_of_its_file_is_not_repeated(files: RootedFiles, given: str, how: str) -> None:
    arguments: dict[str, Any] = {
        "flag": {"file": given},
        "variable": {"environment": {"SSM_BOOTSTRAP_ACTIVATION_CODE_FILE": given}},
        "configuration": {"configuration": Configuration(code_file=given)},
    }[how]
    said = refused(files, **arguments)
    assert said.status is ExitStatus.BAD_CONTENT
    for piece in (CODE[6:], CODE[:6]):
        assert piece not in str(said)


@pytest.mark.parametrize("path", ["/nowhere", "/etc/activation-code-of-2026", "/etc/none/activation-code-of-2026"])
def test_a_path_is_repeated_where_it_leads_somewhere(files: RootedFiles, path: str) -> None:
    files.put("/etc/hosts")
    assert path in str(refused(files, file=path))
