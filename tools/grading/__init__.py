"""Grading a folder of submissions, each in a workspace of its own; `tools/grade.py` is the command.

`collect` finds the submissions and whose they are; `names` says when two names are one, and reads tables;
`lab` readies the lab; `mark` takes one submission through `restore`, `execute` and `feedback`; `sandbox`,
with `kernel`, holds the student's code in; `trial` runs the tests outside, and `bridge` lets them call that
code; `batch` runs many, a few at a time; `report` writes what comes of it.

What it writes, in UTF-8 with its mark, one line for each submission and each missing student:

``grades.csv``
    ``student``, the identifier that the notebook gives, or else the platform's name or the file's, with
    the platform's number in brackets where two share a name; ``id``, the number or user name by which
    Moodle, Canvas or Blackboard know the student, if the file came from them; ``file``, where it was found;
    ``status``, below; ``total``, empty where nothing could be graded; ``max points``; a column for each
    question, named ``part1 (of 12)``, or ``part7 (by hand, of 12)`` where a person gives the points, empty
    where they wait; ``reason``, never empty where points were lost to anything but a test.
``to_grade.csv``
    ``student``, ``question``, ``points`` (empty), ``max points``: what a person must look at. Filled in,
    it is MANUAL.

The status is ``missing`` (of the roster, handed in nothing), ``failed`` (could not be graded: the reason
says why), ``check`` (graded, but look: two of one student, not in the roster, or cells not found),
``waiting`` (graded but for answers that a person reads) or ``graded``.
"""
