"""A workspace of a few articles with a reviewer at it, and places that reviewers mean."""

from extract.decisions import DecisionLog, make_place
from extract.filters import Filters
from extract.mentions import Article
from extract.review import ReviewingGeoparser, decide, review
from extract.store import Workspace
from extract.versions import versions
from gazetteer import Point

ARTICLES = [
    Article(
        "a", "وصلت القوات إلى غريان جنوب طرابلس. ثم عادت إلى طرابلس ليلا. ووصل الوفد إلى بلدة كخبزار أمس.", country="LY"
    ),
    Article("b", "اندلعت اشتباكات في كخبزار، ووصلت قوات من طرابلس وغريان.", "عنوان", "2020-01-01", country="LY"),
    Article("c", "قالت مصادر في بيروت إن طرابلس هادئة، وإن صيدا كذلك.", country="LB"),
]
ELSEWHERE = make_place("موضع آخر", Point(31.0, 14.0), country="LY")
KHABZAR = make_place("كخبزار", Point(32.1, 13.1), country="LY", aliases=["خبزارة"])


class Desk:
    """A workspace with a reviewer at it."""

    def __init__(self, folder, gazetteer, model):
        self.workspace = Workspace.create_or_open(folder)
        self.log = DecisionLog(folder)
        self.parser = ReviewingGeoparser(gazetteer, self.log, model=model)

    def read(self, articles, **options):
        self.parser.refresh()
        results = [(article, self.parser.geoparse(article)) for article in articles]
        return self.workspace.add(results, versions(self.parser), **options)

    def rows(self, **filters):
        return list(self.workspace.rows(Filters(**filters), placed=None))

    def row(self, surface, article_id="a", nth=0):
        return [row for row in self.rows(article_ids=(article_id,)) if row["surface"] == surface][nth]

    def decide(self, row, kind, reviewer="Aya", **fields):
        return review(self.workspace, self.parser, decide(self.workspace, self.log, row, kind, reviewer, **fields))
