import pytest

from extract.geoparse import Geoparser
from extract.mentions import Article
from extract.relate import find_relation

ROWS = [
    ("جنوب طرابلس", "طرابلس", "S"),
    ("شمالي حلب", "حلب", "N"),
    ("شمال شرقي مدينة إدلب", "إدلب", "NE"),
    ("على بعد 30 كيلومترا جنوب طرابلس", "طرابلس", "S:30"),
    ("على مسافة ٨٠ كيلومترا إلى الجنوب من طرابلس", "طرابلس", "S:80"),
    ("على بعد ستين كيلومترا جنوب الموصل", "الموصل", "S:60"),
    ("على بعد 20 كلم غرب سرت", "سرت", "W:20"),
    ("على بعد عشرة أميال شرق درنة", "درنة", "E:16.1"),
    ("على بعد كيلومترين من غريان", "غريان", "near:2"),
    ("قرب زوارة", "زوارة", "near"),
    ("في محيط مطار طرابلس الدولي", "مطار طرابلس الدولي", "near"),
    ("على مشارف غريان", "غريان", "outskirts"),
    ("في إحدى ضواحي طرابلس", "طرابلس", "outskirts"),
    ("المدخل الشمالي لمدينة غريان", "غريان", "N"),
    ("وسط العزيزية", "العزيزية", "centre"),
    ("باتجاه بنغازي", "بنغازي", "towards"),
    ("الطريق الرابط بين غريان والعزيزية", "غريان", "between"),
    ("وصل إلى طرابلس", "طرابلس", None),
    ("توجه الوفد الحكومي أمس إلى غريان", "غريان", "towards"),
    ("وصل الفارون من القتال إلى غريان", "غريان", None),
    ("قال من طرابلس", "طرابلس", None),
    ("دخل 30 مقاتلا طرابلس", "طرابلس", None),
    ("هطلت الأمطار جنوبا. طرابلس", "طرابلس", None),
]


@pytest.mark.parametrize(("text", "name", "relation"), ROWS)
def test_find_relation(parser: Geoparser, text: str, name: str, relation: str | None) -> None:
    context = parser.context(Article("t", text))
    span = next(s for s in context.spans if text[s.start : s.end] == name and s.candidates)
    assert find_relation(context, span) == relation
