"""Unit files and drop-ins, as far as the stand-in for systemd reads them."""

import glob
import os
import shlex
from typing import Dict, List

from . import world

AGENT = "amazon-ssm-agent.service"
SNAP = "snap.amazon-ssm-agent.amazon-ssm-agent.service"
#: unit → (program, where its unit file would be)
BUILT_IN = {
    AGENT: ("/usr/bin/amazon-ssm-agent", "/lib/systemd/system/" + AGENT),
    SNAP: ("/snap/amazon-ssm-agent/current/amazon-ssm-agent", "/etc/systemd/system/" + SNAP),
}
FOLDERS = ("/etc/systemd/system", "/run/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system")
STATES = "/run/standin-systemd"
BUILT_IN_TEXT = """[Unit]
Description=amazon-ssm-agent
After=network-online.target

[Service]
Type=simple
WorkingDirectory=/usr/bin/
ExecStart={program}
KillMode=process
Restart=always
RestartPreventExitStatus=194
RestartSec=90

[Install]
WantedBy=multi-user.target
"""


class Unit:
    """One unit: its files, its settings, the directory of its state."""

    def __init__(self, name: str) -> None:
        self.name = name if name.rpartition(".")[2] in ("service", "timer", "target", "socket") else name + ".service"
        self.fragment = next(
            (f"{folder}/{self.name}" for folder in FOLDERS if os.path.lexists(world.rooted(f"{folder}/{self.name}"))), ""
        )
        path = world.rooted(self.fragment)
        self.masked = bool(self.fragment) and os.path.islink(path) and os.readlink(path) == "/dev/null"
        program, usual = BUILT_IN.get(self.name, ("", ""))
        self.found = bool(self.fragment)
        self.text = ""
        if self.fragment and not self.masked:
            with open(path, encoding="utf-8", errors="replace") as file:
                self.text = file.read()
        elif not self.fragment and program and os.path.lexists(world.rooted(program)):
            self.found, self.fragment, self.text = True, usual, BUILT_IN_TEXT.format(program=program)
        self.drop_ins = sorted(
            (
                found[len(world.rooted("")) :]
                for folder in FOLDERS
                for found in glob.glob(world.rooted(f"{folder}/{self.name}.d") + "/*.conf")
            ),
            key=os.path.basename,
        )
        self.settings = read_settings([self.text] + [read(path) for path in self.drop_ins])
        self.state = world.rooted(f"{STATES}/{self.name}")

    @property
    def is_timer(self) -> bool:
        """Whether it is a timer."""
        return self.name.endswith(".timer")

    @property
    def load_state(self) -> str:
        """LoadState."""
        return "masked" if self.masked else "loaded" if self.found else "not-found"

    def setting(self, name: str, default: str) -> str:
        """The last value of a setting."""
        values = self.settings.get(name)
        return values[-1] if values else default

    def seconds(self, name: str, default: float) -> float:
        """A time span; plain seconds and ``Nmin`` are enough here."""
        text = self.setting(name, str(default)).strip()
        if text.endswith("min"):
            return float(text[:-3]) * 60
        try:
            return float(text.rstrip("s"))
        except ValueError:
            return default

    def environment(self) -> List[str]:
        """The assignments of Environment=, in order."""
        return [word for line in self.settings.get("Environment", []) for word in shlex.split(line)]

    def environment_files(self) -> Dict[str, str]:
        """What EnvironmentFile= adds."""
        found: Dict[str, str] = {}
        for path in self.settings.get("EnvironmentFile", []):
            for line in read(path.lstrip("-")).splitlines():
                name, equals, value = line.strip().partition("=")
                if equals and not name.startswith("#"):
                    found[name] = value.strip().strip("\"'")
        return found

    def command(self) -> List[str]:
        """The program and its arguments, under the root."""
        words = shlex.split(self.setting("ExecStart", "")) or [BUILT_IN.get(self.name, ("/bin/false", ""))[0]]
        program = world.rooted(words[0].lstrip("-@:+!"))
        return [program, *words[1:]]

    def file_state(self) -> str:
        """UnitFileState."""
        if self.masked:
            return "masked"
        try:
            with open(self.state + "/unit-file-state", encoding="ascii") as file:
                return file.read().strip()
        except OSError:
            return ("enabled" if self.name in BUILT_IN else "disabled") if self.found else ""


def read(path: str) -> str:
    """A file under the root, empty when it cannot be read."""
    try:
        with open(world.rooted(path), encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def read_settings(texts: List[str]) -> Dict[str, List[str]]:
    """Every assignment of every section; an empty one clears what came before."""
    settings: Dict[str, List[str]] = {}
    for text in texts:
        for line in text.replace("\\\n", " ").splitlines():
            name, equals, value = line.strip().partition("=")
            if not equals or name.startswith(("#", ";")):
                continue
            if value.strip():
                settings.setdefault(name.strip(), []).append(value.strip())
            else:
                settings.pop(name.strip(), None)
    return settings
