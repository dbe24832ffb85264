"""Where nbgrader finds things here; its own work goes under `_build/`."""

c = get_config()  # noqa: F821

c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
c.CourseDirectory.submitted_directory = "_build/grading/submitted"
c.CourseDirectory.autograded_directory = "_build/grading/autograded"
c.CourseDirectory.feedback_directory = "_build/grading/feedback"
c.CourseDirectory.db_url = "sqlite:///_build/grading/gradebook.db"
c.ClearSolutions.code_stub = {"python": "..."}
