"""The one error that the command line, the pages and the DAGs show to a person."""


class Problem(Exception):
    """Something a person has to mend: a full sentence that says what is wrong, where, and what to do.

    Never carries a secret, a URL with user info or a traceback's text.
    """
