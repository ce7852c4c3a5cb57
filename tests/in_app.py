"""The dashboard's script without a server: Streamlit's AppTest, and what its page shows."""

from streamlit.testing.v1 import AppTest

from tests.serving import PROJECT

PATIENCE_S = 60


def open_app(**query):
    """The dashboard at an address with this query, before its first run."""
    app = AppTest.from_file(str(PROJECT / "dashboard.py"), default_timeout=PATIENCE_S)
    for name, value in query.items():
        app.query_params[name] = value
    return app


def run_app(**query):
    """The page at an address with this query, which told of no error."""
    return again(open_app(**query))


def again(widget):
    """The page after the widget was changed (or once more), without an error."""
    app = widget.run()
    assert not app.exception, app.exception
    return app


def html_parts(app):
    """Every piece of HTML on the page, in order."""
    found = []

    def walk(node):
        if getattr(node, "type", "") == "html":
            found.append(node.proto.body)
        for child in getattr(node, "children", {}).values():
            walk(child)

    walk(app._tree)
    return found


def counts(app):
    """The line that says how much is in view."""
    return next(part for part in html_parts(app) if "rasid-counts" in part)


def table_rows(app):
    """How many rows the table of mentions shows."""
    part = next((part for part in html_parts(app) if part.startswith('<div class="rasid-table"')), "")
    return part.count("<tr>") - 1 if part else 0
