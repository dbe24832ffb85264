"""Where nbgrader finds things here; its own work goes under `_build/`."""

from pathlib import Path

c = get_config()  # noqa: F821

c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "_build/grading/submitted"
c.CourseDirectory.autograded_directory = "_build/grading/autograded"
c.CourseDirectory.feedback_directory = "_build/grading/feedback"
c.CourseDirectory.db_url = "sqlite:///_build/grading/gradebook.db"
# nbgrader opens the gradebook before it makes a folder for it.
(Path(__file__).resolve().parent / "_build" / "grading").mkdir(parents=True, exist_ok=True)
c.ClearSolutions.code_stub = {"python": "..."}
