#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""report.py PART: gather what the runs of one part of "make bench" left in
build/bench/PART/*.json into build/bench/PART.json, .md and .svg, and print the
table; behind it what PART.txt beside this program says of figures that fall
short. A figure is an object of "case", "unit", "tlsup", "peer", "peer_name",
"ratio" (above 1 is better for us) and "runs"."""
import glob
import html
import json
import os
import sys

BAR, ROW, LEFT = 240, 16, 430


def cell(value):
    return f"{value:.4g}"


def markdown(figures):
    """One row per figure."""
    lines = ["| case | unit | tlsup | peer | | ratio | runs |",
             "|---|---|---:|---:|---|---:|---:|"]
    for fig in figures:
        lines.append(f"| {fig['case']} | {fig['unit']} | {cell(fig['tlsup'])} "
                     f"| {cell(fig['peer'])} | {fig['peer_name']} "
                     f"| {fig['ratio']:.2f} | {fig['runs']} |")
    return "\n".join(lines) + "\n"


def notes(part):
    """The reasons, or nothing."""
    here = os.path.dirname(os.path.abspath(__file__))
    try:
        with open(f"{here}/{part}.txt", encoding="utf-8") as text:
            return "\n" + "".join(line for line in text
                                  if not line.startswith("#"))
    except FileNotFoundError:
        return ""


def bar(index, fig):
    """A row of the plot: the ratio as a bar, 1 in the middle."""
    y = ROW * index + ROW
    width = min(fig["ratio"], 2) / 2 * BAR
    colour = "#3a7d44" if fig["ratio"] >= 1 else "#b5482f"
    return (f'<text x="4" y="{y + 11}">{html.escape(fig["case"])} / '
            f'{html.escape(fig["peer_name"])}</text>'
            f'<rect x="{LEFT}" y="{y + 2}" width="{width:.1f}" '
            f'height="{ROW - 4}" fill="{colour}"/>'
            f'<text x="{LEFT + BAR + 6}" y="{y + 11}">{fig["ratio"]:.2f}</text>')


def svg(figures):
    """All ratios as bars."""
    width, height = LEFT + BAR + 50, ROW * (len(figures) + 2)
    middle = LEFT + BAR / 2
    rows = "\n".join(bar(i, fig) for i, fig in enumerate(figures))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" '
            f'height="{height}" font-family="monospace" font-size="10">\n'
            f'<rect width="100%" height="100%" fill="white"/>\n{rows}\n'
            f'<line x1="{middle}" x2="{middle}" y1="{ROW}" '
            f'y2="{height - ROW}" stroke="black"/>\n'
            f'<text x="{middle - 3}" y="{ROW - 4}">1</text></svg>\n')


def main():
    """Gather, write, print."""
    part = sys.argv[1]
    folder = os.path.join(os.environ["BUILD"], "bench")
    figures = []
    for name in sorted(glob.glob(f"{folder}/{part}/*.json")):
        with open(name, encoding="utf-8") as piece:
            figures += json.load(piece)
    if not figures:
        sys.exit(f"report: no figures of {part}")
    table = markdown(figures) + notes(part)
    for form, text in (("json", json.dumps(figures, indent=1) + "\n"),
                       ("md", table), ("svg", svg(figures))):
        with open(f"{folder}/{part}.{form}", "w", encoding="utf-8") as out:
            out.write(text)
    print(table, end="")


main()
