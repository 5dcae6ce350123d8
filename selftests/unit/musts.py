#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""The tables of what a peer must do (musts-*.md) name tests that exist."""
import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE + "/../lib")
# pylint: disable=wrong-import-position
from ktap import case, check, main

# How a test is written in C and in Python.
FORMS = {
    ".c": r"^TEST(?:_F)?(?:_TIMEOUT)?\((?:\w+, )?{}(?:, \d+)?\)",
    ".py": r"^def {}\(",
}


def rows(table):
    """The fields of each row below the table's head."""
    with open(table, encoding="utf-8") as file:
        lines = [line for line in file if line.startswith("|")]
    return [[field.strip() for field in re.split(r"(?<!\\)\|", line)[1:-1]]
            for line in lines[2:]]


def missing(test):
    """Why a row's test is not there, or None."""
    name, _, function = test.partition(" ")
    path = os.path.join(HERE, "..", name)
    if not os.path.isfile(path):
        return f"{name}: no such file"
    form = FORMS[os.path.splitext(name)[1]].format(re.escape(function))
    with open(path, encoding="utf-8") as file:
        return None if re.search(form, file.read(), re.M) else \
            f"{name} has no test {function}"


def names_tests(_stack, table):
    found = rows(table)
    check(len(found) >= 20, "a table of", len(found), "rows")
    for row in found:
        check(len(row) == 4 and all(row), "a row that is not whole:", row)
        why = missing(row[3])
        check(not why, row[0], row[2] + ":", why)


if __name__ == "__main__":
    for file_name in sorted(glob.glob(HERE + "/musts-*.md")):
        case(os.path.basename(file_name) + " names tests that exist",
             names_tests, file_name)
    main()
