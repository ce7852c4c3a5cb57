"""The answers that a page without filters asks for, asked before a reader does."""

import logging

from extract.filters import Filters
from extract.store import StoreError
from views.address import DEFAULTS, SETTINGS
from views.data import PAGE_ROWS, UNPLACED_NAMES, Answers, open_workspace, store_folder

logger = logging.getLogger(__name__)


def answer_ahead() -> None:
    """Ask, so that the answers are remembered; nothing where there is no workspace or no article yet."""
    try:
        answers = Answers(open_workspace(store_folder()))
        if answers.span().articles:
            ask_first(answers)
    except StoreError as error:
        logger.info("no answers ahead: %s", error)


def ask_first(answers: Answers) -> None:
    """What the first page asks, in its order."""
    filters = Filters(**DEFAULTS)
    answers.totals(filters)
    answers.places(filters, SETTINGS["colour"][0])
    answers.trends(filters)
    answers.largest(SETTINGS["size"][0])
    answers.articles([article_id for article_id, _ in answers.facets(filters)["article_ids"]])
    answers.regions()
    answers.timeline(filters)
    answers.rows(filters, PAGE_ROWS, 0, sort=None, descending=False)
    answers.unplaced(filters, UNPLACED_NAMES)
