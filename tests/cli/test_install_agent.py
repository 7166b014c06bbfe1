"""register --install-agent in the lab: the package comes from the region's bucket, and only the right key lets it in."""

from __future__ import annotations

import base64
import json
import platform
import shlex
from typing import Any, Dict, Iterator

import pytest

from tests.act.signing import WHY_NOT, Signer
from tests.cli.test_live import HOLD, RENDERINGS, Watched
from tests.lab.cases import CASES
from tests.lab.client import STANDINS, Lab
from tests.lab.machine import why_unavailable
from tests.lab.streams import Done
from tests.laws.secrets import leaks
from tests.story import DATA, REGION, node_id, prepare, register_words

pytestmark = [
    pytest.mark.lab,
    pytest.mark.skipif(why_unavailable() is not None, reason=why_unavailable() or ""),
    pytest.mark.skipif(WHY_NOT is not None, reason=WHY_NOT or ""),
]

AGENT, KEY, TOLD = "/usr/bin/amazon-ssm-agent", "/root/agent.gpg", "/run/told"
PACKAGE = b"a package " * 400
MANAGER = f"""#!/bin/sh
[ "$1" = --version ] && exit 0
[ "$1" = --field ] && printf 'Package: amazon-ssm-agent\\nVersion: 3.3.1142.0-1\\n' && exit 0
[ "$1" = -qp ] && echo amazon-ssm-agent 3.3.1142.0 && exit 0
echo "$(basename "$0") $*" >> {TOLD}
ln -sf {shlex.quote(str(STANDINS))}/amazon-ssm-agent {AGENT}
"""
SYSTEMS = {
    ("debian_amd64", "deb"): "ID=debian\nPRETTY_NAME=Debian\n",
    ("linux_amd64", "rpm"): 'ID="rocky"\nID_LIKE="rhel centos fedora"\nPRETTY_NAME="Rocky Linux 9"\n',
}


@pytest.fixture(scope="module")
def vpc() -> Iterator[Lab]:
    """One VPC for all tests here."""
    with Lab(CASES["complete"], region=REGION) as running:
        for name in ("dpkg", "rpm"):
            running.write(f"/root/bin/{name}", MANAGER, mode=0o755)
        yield running


@pytest.fixture(scope="module")
def aws() -> Iterator[Signer]:
    """Who signs."""
    signer = Signer("aws")
    yield signer
    signer.close()


@pytest.fixture
def lab(vpc: Lab, aws: Signer) -> Lab:
    """An instance without an agent, and a bucket with the packages."""
    vpc.apply(CASES["complete"])
    prepare(vpc)
    vpc.remove(AGENT)
    vpc.write(KEY, aws.public_key)
    put(vpc, PACKAGE, aws.sign(PACKAGE))
    use(vpc, ("debian_amd64", "deb"))
    vpc.forget_requests()
    return vpc


def use(lab: Lab, system: Any) -> None:
    """Make the instance one of a distribution."""
    lab.remove("/etc/os-release")
    lab.write("/etc/os-release", SYSTEMS[system])


def put(lab: Lab, package: bytes, signature: bytes) -> None:
    """What the bucket has."""
    found: Dict[str, str] = {}
    for folder, family in SYSTEMS:
        key = f"amazon-ssm-{REGION}/latest/{folder}/amazon-ssm-agent.{family}"
        found[key] = base64.b64encode(package).decode()
        found[f"{key}.sig"] = base64.b64encode(signature).decode()
    lab.behave(s3_objects=found)


def install(lab: Lab, *more: str) -> Done:
    """The command, with the package managers that only write down what they are told."""
    words = ["ssm-bootstrap", *register_words("--install-agent", "--key-file", KEY, *more)]
    done = lab.run(words, env={"PATH": "/root/bin:" + lab.environment()["PATH"]})
    assert leaks(done.stdout + done.stderr) == ()
    return done


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the bucket has packages for x86_64 alone")
@pytest.mark.parametrize("system, command", [(("debian_amd64", "deb"), "dpkg -i"), (("linux_amd64", "rpm"), "rpm -U")])
def test_from_no_agent_to_a_node_that_is_online(lab: Lab, system: Any, command: str) -> None:
    use(lab, system)
    done = install(lab, "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["online"]["proven"] and said["identity"]["managed_instance_id"] == node_id(lab)
    file = f"/var/lib/ssm-bootstrap/download/amazon-ssm-agent.{system[1]}"
    assert lab.read(TOLD).decode() == f"{command} {file}\n"
    assert not lab.exists("/var/lib/ssm-bootstrap")
    paths = [request["path"] for request in lab.requests() if system[0] in request["path"]]
    package = f"/amazon-ssm-{REGION}/latest/{system[0]}/amazon-ssm-agent.{system[1]}"
    assert paths == [package + ".sig", package]
    assert f"installed the agent by {command.split()[0]}" in done.stderr
    lab.forget_requests()
    assert install(lab).returncode == 0  # registered already
    assert not any(system[0] in request["path"] for request in lab.requests())


def test_a_package_that_the_key_did_not_sign(lab: Lab, aws: Signer) -> None:
    put(lab, PACKAGE + b"!", aws.sign(PACKAGE))
    done = install(lab)
    assert (done.returncode, done.stdout) == (78, "") and "nothing was installed" in done.stderr
    assert not lab.exists(AGENT) and not lab.exists(TOLD) and not lab.exists(DATA)
    assert not lab.exists("/var/lib/ssm-bootstrap")


def test_without_a_way_to_s3(lab: Lab) -> None:
    lab.apply(CASES["interface-endpoints-only"])
    done = install(lab)
    assert done.returncode == 69 and "s3." in done.stderr and not lab.exists(TOLD)


def test_a_bad_activation_is_told_before_anything_is_fetched(lab: Lab) -> None:
    lab.write("/root/activation-code", "short\n", mode=0o600)
    done = install(lab)
    assert done.returncode == 78 and not lab.exists(TOLD) and lab.asked() == []


def test_the_key_has_to_be_said(lab: Lab) -> None:
    done = lab.run(["ssm-bootstrap", *register_words("--install-agent")])
    assert (done.returncode, done.stderr.count("\n")) == (2, 1) and "--key-file" in done.stderr
    done = lab.run(["ssm-bootstrap", *register_words("--install-agent", "--key-file", "/root/none")])
    assert done.returncode == 78 and "/root/none" in done.stderr
    assert lab.asked() == []


def test_without_the_flag_a_missing_agent_is_told(lab: Lab) -> None:
    done = lab.run(["ssm-bootstrap", *register_words("--json")])
    assert [one["code"] for one in json.loads(done.stdout)["findings"]] == ["agent-missing"]
    assert done.returncode == 78 and not lab.exists(TOLD)


def test_a_package_manager_is_let_finish(lab: Lab) -> None:
    """Ctrl-C in the midst of it: that is said while dpkg is still at work, and nothing is registered afterwards."""
    hold = f'#!/bin/sh\nwhile [ "$1" = -i ] && [ -e {HOLD} ]; do sleep 0.05; done\nexec /root/bin/dpkg "$@"\n'
    lab.write("/root/held/dpkg", hold, mode=0o755)
    lab.write(HOLD, "")
    watched = Watched(lab, ["ssm-bootstrap", *register_words("--install-agent", "--key-file", KEY)])
    watched.until(lambda: len(watched.shown("installing the agent by dpkg")) >= RENDERINGS, "the installation")
    watched.interrupt()
    watched.until(lambda: "interrupted: letting dpkg finish: " in watched.text, "what is done first")
    assert watched.process.poll() is None and not lab.exists(AGENT)
    lab.remove(HOLD)
    said = " ".join(" ".join(watched.end()).split())
    assert said.endswith("ssm-bootstrap: interrupted: the agent was installed, and nothing was registered")
    assert lab.exists(AGENT) and not lab.exists(f"{DATA}/registration")


def test_a_download_is_cut(lab: Lab) -> None:
    """S3 takes the connection and never answers: the wait is shown, and Ctrl-C leaves nothing behind."""
    lab.apply(CASES["tls-black-hole"])
    watched = Watched(lab, ["ssm-bootstrap", *register_words("--install-agent", "--key-file", KEY)])
    watched.until(lambda: len(watched.shown("fetching https://")) >= RENDERINGS, "the download")
    watched.interrupt()
    assert watched.end()[-1].endswith("ssm-bootstrap: interrupted: nothing was registered")
    assert not lab.exists(AGENT) and not lab.exists("/var/lib/ssm-bootstrap")
