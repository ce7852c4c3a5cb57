"""Articles -> mentions -> resolutions."""

from extract.mentions import Article, Mention, RankedCandidate, Resolution, Review, Role

__all__ = ["Article", "Mention", "RankedCandidate", "Resolution", "Review", "Role"]
