"""What a site's own files change, and what is said of what is wrong in them: never a crash, never a guess."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ssm_bootstrap.collect.patch.overrides import DIRECTORY, MOST_PROBLEMS, NO_OVERRIDES, read_overrides
from ssm_bootstrap.model.codec import decode, encode
from ssm_bootstrap.model.site import Site, SitePartition, SiteRegion
from tests.fakes import RootedFiles

SITE = f"{DIRECTORY}/10-site.conf"
LATER = f"{DIRECTORY}/20-later.conf"
FULL = """\
# announced in 2027
[partition aws-xx]
prefix = xx-
domain = amazonaws.xx
dual_stack = api.amazonwebservices.xx

[region xx-north-1]
opened = 2027
payload_host = s3.dualstack.xx-north-1.amazonaws.xx
patch_manager_suffix = 1a2b3c4d5
snapshot_suffix = 9f8e7d6c

[bucket patch-payload]
host = s3.{region}.example.com
path = /a
"""


def problems(files: RootedFiles, text: str) -> list[tuple[str, str]]:
    files.put(SITE, text)
    return list(read_overrides(files).site.problems)


def test_no_directory_is_nothing(files: RootedFiles) -> None:
    assert read_overrides(files) == NO_OVERRIDES


def test_regions_and_partitions_stand_beside_buckets(files: RootedFiles) -> None:
    files.put(SITE, FULL)
    found = read_overrides(files)
    assert found.site == Site(
        (
            SiteRegion(
                *("xx-north-1", 2027, "s3.dualstack.xx-north-1.amazonaws.xx", "1a2b3c4d5", "9f8e7d6c"),
                source=f"{SITE}:7",
            ),
        ),
        (SitePartition("aws-xx", "xx-", "amazonaws.xx", "api.amazonwebservices.xx", f"{SITE}:2"),),
    )
    assert [item.name for item in found.buckets] == ["patch-payload"]


def test_what_is_recorded_survives_a_trip_through_json(files: RootedFiles) -> None:
    files.put(SITE, FULL + "[nonsense]\n")
    site = read_overrides(files).site
    assert site.problems
    assert decode(Site, json.loads(json.dumps(encode(site)))) == site


def test_the_last_word_counts(files: RootedFiles) -> None:
    files.put(SITE, "[region xx-north-1]\nopened = 2026\n")
    files.put(LATER, "[region xx-north-1]\nopened = 2027\n")
    assert [item.opened for item in read_overrides(files).site.regions] == [2027]


def test_a_partition_that_the_program_knows_may_be_changed_in_part(files: RootedFiles) -> None:
    files.put(SITE, "[partition aws-cn]\ndual_stack = api.example\n[partition aws]\ndomain = aws.example\n")
    found = read_overrides(files).site
    assert [(item.name, item.prefix, item.domain) for item in found.partitions] == [
        ("aws-cn", "", ""),
        ("aws", "", "aws.example"),
    ]
    assert found.problems == ()


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[buckets x]\n", 1, "[buckets x]: unknown; expected [bucket NAME] host path"),
        ("[ignore x]\n", 1, "[ignore x]: unknown"),
        ("[region]\n", 1, "[region]: unknown"),
        ("[bucket nobody]\nhost = a\n", 1, "[bucket nobody]: unknown bucket; expected one of s3-regional"),
        ("\n\n[bucket s3-dualstack]\nhost = a\nport = 80\n", 5, "[bucket s3-dualstack] port: unknown"),
        ("[bucket s3-dualstack]\nhost = http://a/\n", 2, "expected a host name"),
        ("[bucket s3-dualstack]\n", 1, "expected a host name"),
        ("[bucket s3-dualstack]\nhost = a\npath = b\n", 3, "begins with /"),
        ("[bucket s3-dualstack]\nhost = a\npath = /b c\n", 3, "without blanks"),
        ("[bucket s3-dualstack]\nhost = a\npath = /b\n  Host: evil\n", 3, "without blanks"),
        ("[repository r]\nurl = ftp://m/\n", 2, "expected http:// or https://"),
        ("host = a\n", 1, "expected [section] before the first value"),
        ("[region xx-north-1]\nopened\n", 2, "expected key = value"),
        ("[region xx-north-1\nopened = 2027\n", 1, "expected [section], with its closing bracket"),
        ("[region tokyo]\nopened = 2027\n", 1, "expected [region NAME]"),
        ("[region xx-north-1]\nopened = 27\n", 2, "expected a year such as 2027"),
        ("[region xx-north-1]\nopened = 1999\n", 2, "expected a year"),
        ("[region xx-north-1]\nopened = \u0662\u0660\u0662\u0667\n", 2, "expected a year"),
        ("[region xx-north-1]\npayload_host = a/b\n", 2, "expected a host name"),
        ("[region xx-north-1]\npayload_host = a\n b\n", 2, "expected a host name"),
        ("[region xx-north-1]\npatch_manager_suffix = ../x\n", 2, "aws-patch-manager-REGION-"),
        ("[region xx-north-1]\nsnapshot_suffix = A B\n", 2, "patch-baseline-snapshot-REGION-"),
        ("[partition other]\ndomain = a.b\n", 1, "expected [partition NAME]"),
        ("[partition aws-xx]\ndomain = a.b\n", 1, "expected prefix, as the program does not know this partition"),
        ("[partition aws-xx]\n", 1, "expected prefix and domain"),
        ("[partition aws-xx]\nprefix = xx\ndomain = a.b\n", 2, "how the names of its regions begin"),
        ("[partition aws-xx]\nprefix = xx-\ndomain = a..b\n", 3, "expected a domain"),
        ("[partition aws]\nprefix = us-\n", 2, "expected none"),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_left_out(files: RootedFiles, text: str, line: int, said: str) -> None:
    told = problems(files, text + "[ignore]\nrepositories = kept\n")
    assert told, "nothing is said"
    place, words = told[0]
    assert (place, said in words) == (f"{SITE}:{line}", True), words
    found = read_overrides(files)
    assert found.ignored == ("kept",)
    assert (found.buckets, found.extras, found.site.regions, found.site.partitions) == ((), (), (), ())


def test_the_good_sections_of_a_bad_file_count(files: RootedFiles) -> None:
    files.put(SITE, "[region xx-north-1]\nopened = never\n[region xx-north-2]\nopened = 2027\n")
    found = read_overrides(files).site
    assert [item.name for item in found.regions] == ["xx-north-2"]
    assert [place for place, _ in found.problems] == [f"{SITE}:2"]


def test_a_file_that_may_not_be_read_is_said_to_be_so(files: RootedFiles) -> None:
    files.put(SITE, FULL)
    files.put(LATER, "[ignore]\nrepositories = a\n")
    files.denied.add(SITE)
    found = read_overrides(files)
    assert [place for place, _ in found.site.problems] == [SITE]
    assert found.ignored == ("a",)


@pytest.mark.parametrize(
    "content",
    [
        b"\0\1\2\3",
        b"[region \xff\xfe]\nopened = \xff\n",
        b"[" * 5000,
        b"=\n" * 3000,
        b"[]\n[ ]\n=\n[region x",
        ("[region " + "x" * 100_000 + "]\n").encode(),
        b"[region xx-north-1]\n" + b"opened = 2027\n" * 3000 + b"x = " + b"y" * 100_000,
        "[partition aws-\u202exx]\nprefix = \x1b[31m\n".encode(),
    ],
    ids=["zeros", "no-utf8", "brackets", "equals", "empty-names", "long-name", "long-value", "escapes"],
)
def test_no_content_is_a_crash_and_what_is_said_stays_short(files: RootedFiles, content: bytes) -> None:
    files.put(SITE, "")
    Path(files.real(SITE)).write_bytes(content)
    found = read_overrides(files).site
    assert found.problems
    assert len(found.problems) <= MOST_PROBLEMS + 1
    assert all(len(words) < 1000 for _, words in found.problems)
    assert found.regions == ()


def test_a_line_that_means_nothing_takes_its_section_with_it_and_no_other(files: RootedFiles) -> None:
    good = "[region xx-north-{}]\nopened = 2027\n"
    files.put(SITE, good.format(1) + good.format(2) + "[region xx-north-3\nopened = 2020\n" + good.format(4))
    assert [item.name for item in read_overrides(files).site.regions] == ["xx-north-1", "xx-north-4"]
    files.put(SITE, good.format(1) + "nonsense\n" * 9 + good.format(2))
    assert [item.name for item in read_overrides(files).site.regions] == []


def test_many_faults_are_told_of_and_counted(files: RootedFiles) -> None:
    told = problems(files, "".join(f"[region r{number}]\n" for number in range(200)))
    assert len(told) == MOST_PROBLEMS + 1
    assert told[-1] == (DIRECTORY, f"{200 - MOST_PROBLEMS} more faults in its files")
