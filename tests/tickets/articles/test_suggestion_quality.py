"""How well suggestions answer, against what is simpler: `pytest -n0 -s` on this file prints the figures."""

from collections.abc import Callable, Mapping, Sequence

from guanxi_shared.folding import normalise
from guanxi_tickets.articles.term_rules import terms_of
from tests.factories import Clients, Organisation
from tests.tickets.articles.labelled import ARTICLES as LABELLED
from tests.tickets.articles.labelled import QUESTIONS
from tests.tickets.articles.writing import ARTICLES, published

Texts = Mapping[str, tuple[str, str]]  # id: title, body
Asked = Sequence[tuple[str, str]]  # question, topic


def figures(answers: Sequence[tuple[Sequence[str], str]]) -> dict[str, float]:
    """Of topics in their order and the right one: the share first, among the first three, and the mean
    reciprocal rank within ten (0 where it is not among them)."""
    ranks = [topics.index(right) + 1 if right in topics else 0 for topics, right in answers]
    count = len(ranks)
    return {
        "hit@1": sum(rank == 1 for rank in ranks) / count,
        "hit@3": sum(1 <= rank <= 3 for rank in ranks) / count,
        "MRR": sum(1 / rank for rank in ranks if rank) / count,
    }


def trigrams(text: str) -> set[str]:
    padded = f"  {normalise(text)} "
    return {padded[at : at + 3] for at in range(len(padded) - 2)}


def by_title(question: str, title: str, body: str) -> float:
    return float(len(set(terms_of(question)) & set(terms_of(title))))


def by_trigrams(question: str, title: str, body: str) -> float:
    """How much of the question's trigrams stand in the text (pg_trgm's word similarity, in short)."""
    asked = trigrams(question)
    return len(asked & trigrams(f"{title} {body}")) / len(asked)


def ordered(
    question: str, texts: Texts, score: Callable[[str, str, str], float], topics: Mapping[str, str]
) -> list[str]:
    scored = [(score(question, *text), id) for id, text in texts.items()]
    found = [id for mark, id in sorted(scored, key=lambda each: (-each[0], each[1])) if mark > 0]
    return list(dict.fromkeys(topics[id] for id in found[:10]))


async def test_suggestions_answer_better_than_titles_and_trigrams(
    client: Clients, company: Organisation
) -> None:
    admin = client(company.admin)
    topics: dict[str, str] = {}
    texts: dict[str, tuple[str, str]] = {}
    for topic, articles in LABELLED.items():
        for language, title, body in articles:
            article = await published(admin, title, body=body, language=language)
            topics[article["id"]], texts[article["id"]] = topic, (title, body)
    asked = [(question, topic) for topic, all_of in QUESTIONS.items() for question in all_of]
    assert len(asked) >= 60
    measured = {}
    for name, score in (("title", by_title), ("trigrams", by_trigrams)):
        answers = [(ordered(q, texts, score, topics), topic) for q, topic in asked]
        measured[name] = figures(answers)
    found = []
    for question, topic in asked:
        answer = await admin.post(f"{ARTICLES}/suggest", json={"text": question, "limit": 10})
        ids = [each["article_id"] for each in answer.json()["data"]]
        found.append((list(dict.fromkeys(topics[id] for id in ids)), topic))
    measured["suggestions"] = figures(found)
    for name, shares in measured.items():
        print(f"{name:12}", " ".join(f"{key} {share:.3f}" for key, share in shares.items()))
    print("missed:", [q for (q, _), (got, right) in zip(asked, found, strict=True) if right not in got[:3]])  # fmt: skip
    for key in ("hit@1", "hit@3", "MRR"):
        simpler = max(measured["title"][key], measured["trigrams"][key])
        assert measured["suggestions"][key] > simpler, (key, measured)
