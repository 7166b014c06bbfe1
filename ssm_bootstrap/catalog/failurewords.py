"""How a line of any program reads that tells of a failure, for those that no signature knows."""

from __future__ import annotations

_WORDS = (
    r"[Ee]rror|ERROR|[Ff]ailed|FAILED|[Ff]ailure|[Ff]ails|[Cc]annot|[Cc]an't|[Cc]ould not|[Cc]ouldn't|[Uu]nable to"
    r"|[Dd]enied|DENIED|[Rr]efused|[Ff]orbidden|[Uu]nauthorized|[Tt]imed out"
    r"|[Ff]atal|FATAL|Exception|[Ii]nvalid|[Cc]orrupt(?:ed)?|[Ee]xpired"
    r"|[Aa]borted|[Nn]o such|[Nn]ot found|[Nn]ot valid|HTTP (?:[Ee]rror|status(?: code)?) \d{3}|\[Errno -?\d"
)

FAILURE = (
    r"\A(?!\s{0,20}(?:(?:W|N|I): |(?i:warning|notice|note|hint|info)\b))"
    r"(?:E: |(?:[\w.]{1,100}\.)?\w{0,60}(?:Error|Exception)(?::|\Z)|\[Errno |<urlopen error "
    rf"|[^\n]{{0,2000}}?(?<![\w./:=@-])(?<!\b[Nn]o )(?<!\b0 )(?<!without )(?:{_WORDS})"
    r"(?![\w/-]|\.\w|(?: count)?\"?[:=] ?(?:0|[Nn]one|[Nn]o|[Ff]alse)\b| count 0\b))"
)
"""What the first line of such a text holds, and not as a part of a name: a warning, and a count of none, are no failure."""
