"""Grading a folder of submissions, each in a workspace of its own; `tools/grade.py` is the command.

`collect` finds the submissions and whose they are; `lab` readies the lab; `mark` takes one submission
through `restore`, `execute` and `feedback`; `sandbox`, with `jail` and `kernel`, holds the student's code
in; `batch` runs many, a few at a time; `report` writes what comes of it.
"""
