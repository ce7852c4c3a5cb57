"""What other gazetteers call a kind of place, as our feature classes."""

from gazetteer.normalize import normalize_name
from gazetteer.places import FeatureClass

WHOS_ON_FIRST = {
    "continent": FeatureClass.CONTINENT,
    "empire": FeatureClass.COUNTRY,
    "country": FeatureClass.COUNTRY,
    "dependency": FeatureClass.COUNTRY,
    "disputed": FeatureClass.REGION,
    "marketarea": FeatureClass.REGION,
    "macroregion": FeatureClass.REGION,
    "region": FeatureClass.REGION,
    "macrocounty": FeatureClass.REGION,
    "county": FeatureClass.REGION,
    "localadmin": FeatureClass.REGION,
    "locality": FeatureClass.CITY,
    "borough": FeatureClass.DISTRICT,
    "macrohood": FeatureClass.DISTRICT,
    "neighbourhood": FeatureClass.DISTRICT,
    "microhood": FeatureClass.DISTRICT,
    "campus": FeatureClass.FACILITY,
    "venue": FeatureClass.FACILITY,
    "ocean": FeatureClass.WATER,
    "marinearea": FeatureClass.WATER,
}
# https://www.geonames.org/export/codes.html: by code first, then by the class's letter.
GEONAMES_CODES = {
    "CONT": FeatureClass.CONTINENT,
    "PPLX": FeatureClass.DISTRICT,
    "AIRP": FeatureClass.AIRPORT,
    "AIRB": FeatureClass.AIRPORT,
    "AIRF": FeatureClass.AIRPORT,
    "AIRH": FeatureClass.AIRPORT,
    "PRT": FeatureClass.PORT,
    "HBR": FeatureClass.PORT,
    "ANCH": FeatureClass.PORT,
    "DSRT": FeatureClass.DESERT,
    "ERG": FeatureClass.DESERT,
    "VAL": FeatureClass.WATER,
    "WAD": FeatureClass.WATER,
    "ISL": FeatureClass.REGION,
    "ISLS": FeatureClass.REGION,
    "PEN": FeatureClass.REGION,
    **dict.fromkeys(("PCL", "PCLD", "PCLF", "PCLI", "PCLIX", "PCLS"), FeatureClass.COUNTRY),
}
GEONAMES_CLASSES = {
    "A": FeatureClass.REGION,
    "P": FeatureClass.CITY,
    "H": FeatureClass.WATER,
    "T": FeatureClass.MOUNTAIN,
    "S": FeatureClass.FACILITY,
    "L": FeatureClass.REGION,
    "R": FeatureClass.ROAD,
    "V": FeatureClass.REGION,
    "U": FeatureClass.WATER,
}
_WORDS = {
    FeatureClass.COUNTRY: "state nation دولة",
    FeatureClass.REGION: "governorate province district-area admin1 admin2 adm1 adm2 island محافظة ولاية إقليم منطقة "
    "مقاطعة قضاء ناحية مديرية شعبية جزيرة",
    FeatureClass.CITY: "populatedplace settlement town village hamlet municipality oasis مدينة بلدة قرية بلدية واحة",
    FeatureClass.DISTRICT: "suburb quarter neighborhood حي ضاحية",
    FeatureClass.AIRPORT: "aerodrome airfield airbase مطار",
    FeatureClass.PORT: "harbour harbor seaport ميناء مرفأ",
    FeatureClass.FACILITY: "camp hospital school crossing checkpoint مخيم مستشفى مدرسة جامعة معبر حقل سجن معسكر قاعدة",
    FeatureClass.ROAD: "street highway bridge شارع طريق جسر كوبري",
    FeatureClass.MOUNTAIN: "mountain hill peak جبل تل هضبة",
    FeatureClass.WATER: "river lake sea wadi valley dam نهر بحيرة بحر وادي خليج سد",
    FeatureClass.DESERT: "dunes صحراء",
    FeatureClass.CONTINENT: "قارة",
}


def _plain(text: str) -> str:
    return normalize_name(text).replace(" ", "")


_BY_WORD = {
    **{kind.value: kind for kind in FeatureClass},
    **{_plain(word): kind for kind, words in _WORDS.items() for word in words.split()},
    **{word: kind for word, kind in WHOS_ON_FIRST.items()},
}


def kind_of(text: str) -> FeatureClass:
    """The feature class of a word for a kind, in English, Arabic or a code of GeoNames: a town when nothing is said, a
    facility when the word is unknown.

    >>> kind_of("Populated place").value, kind_of("مطار").value, kind_of("PPLX").value, kind_of("").value
    ('city', 'airport', 'district', 'city')
    """
    plain = _plain(text)
    if not plain:
        return FeatureClass.CITY
    code = text.strip().upper()
    found = _BY_WORD.get(plain) or GEONAMES_CODES.get(code) or GEONAMES_CLASSES.get(code)
    if found is None and code.startswith(("PPL", "ADM")):
        found = GEONAMES_CLASSES["P" if code.startswith("P") else "A"]
    return found or FeatureClass.FACILITY
