"""How the HTML report looks: on a wide screen, on a telephone, in the dark, on paper."""

from __future__ import annotations

STYLE = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #ffffff; --card: #f6f8fa; --line: #d0d7de;
  --bad: #b3261e; --bad-bg: #fdecea; --warn: #7a4d00; --warn-bg: #fff4d6; --good: #116329; --good-bg: #e6f4ea;
  --dunno: #6e3aa8; --dunno-bg: #f3ebfb; --code: #eef1f4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9da7b3; --paper: #0d1117; --card: #161b22;
  --line: #30363d; --bad: #ff9b91; --bad-bg: #3a1513; --warn: #f2cc60; --warn-bg: #352a0d; --good: #7ee2a0;
  --good-bg: #10301c; --dunno: #d2b3f5; --dunno-bg: #2a1c3d; --code: #1f262e; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1rem; font-weight: 600; color: var(--soft); margin: 0 0 1rem; }
h2 { font-size: 1.25rem; margin: 2.25rem 0 .75rem; }
h3 { font-size: 1.1rem; margin: 0 0 .5rem; }
h4 { font-size: .95rem; margin: 1.25rem 0 .25rem; color: var(--soft); }
p { margin: .4rem 0; }
p, li, dd, td, h3, .first { overflow-wrap: anywhere; }
a { color: inherit; }
.first { border: 1px solid var(--line); border-left: .4rem solid var(--good); border-radius: .4rem; padding: 1rem 1.25rem;
  background: var(--good-bg); }
.first .title { font-size: 1.4rem; line-height: 1.3; font-weight: 700; margin: 0 0 .5rem; }
.first.error { border-left-color: var(--bad); background: var(--bad-bg); }
.first.warning { border-left-color: var(--warn); background: var(--warn-bg); }
.first.unknown { border-left-color: var(--dunno); background: var(--dunno-bg); }
.verdicts { display: grid; grid-template-columns: repeat(auto-fit, minmax(10.5rem, 1fr)); gap: .6rem; list-style: none;
  margin: 1rem 0; padding: 0; }
.verdicts li { border: 1px solid var(--line); border-radius: .4rem; padding: .5rem .75rem; background: var(--card); }
.verdicts strong { display: block; }
.verdicts small { color: var(--soft); display: block; }
.ok { color: var(--good); } .broken, .error, .no { color: var(--bad); } .degraded, .warning, .partly { color: var(--warn); }
.unknown { color: var(--dunno); } .unneeded, .info { color: var(--soft); }
.first, .first.error, .first.warning, .first.unknown { color: var(--ink); }
.word { font-weight: 700; }
article { border: 1px solid var(--line); border-radius: .4rem; background: var(--card); padding: 1rem 1.25rem;
  margin: 0 0 1rem; }
article .code { font-weight: 700; margin-right: .5rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1rem; margin: .75rem 0; }
dt { color: var(--soft); } dd { margin: 0; }
ol { padding-left: 1.4rem; margin: .4rem 0; }
pre { background: var(--code); border: 1px solid var(--line); border-radius: .3rem; padding: .5rem .75rem; margin: .4rem 0;
  white-space: pre-wrap; overflow-wrap: anywhere; font: .875rem/1.45 ui-monospace, monospace; user-select: all;
  -webkit-user-select: all; }
mark { background: var(--warn-bg); color: var(--warn); border-radius: .2rem; }
code { font: .875rem/1.45 ui-monospace, monospace; }
pre code { font: inherit; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .875rem; }
th, td { text-align: left; padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--soft); font-weight: 600; }
footer { margin-top: 2.5rem; color: var(--soft); font-size: .85rem; }
@media (max-width: 40rem) {
  main { padding: 1rem .75rem 2rem; }
  article, .first { padding: .75rem .85rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: .5rem; }
  table.targets thead { display: none; }
  table.targets tr { display: block; border-bottom: 1px solid var(--line); padding: .4rem 0; }
  table.targets td { display: block; border: 0; padding: 0; }
}
@media print {
  :root { --ink: #000; --soft: #444; --paper: #fff; --card: #fff; --line: #999; --code: #fff; --bad: #a00; --warn: #640;
    --good: #052; --dunno: #415; --bad-bg: #fff; --warn-bg: #fff; --good-bg: #fff; --dunno-bg: #fff; }
  body { font-size: 10.5pt; } main { max-width: none; padding: 0; }
  .first, .verdicts li, tr, pre, h2, h3, h4 { break-inside: avoid; } h2, h3, h4 { break-after: avoid; }
}
"""
