"""Surveys of the demo: as the API takes them, with one low score."""

import orjson

from guanxi_gateway.cli.demo.surveys import make_asked, make_surveys
from guanxi_gateway.cli.demo.tickets import make_tickets
from guanxi_tickets.survey_answers.rules import is_low, missing, wrong_answers
from guanxi_tickets.survey_sending.schemas import InvitationCreate
from guanxi_tickets.surveys.question_rules import broken, questions_of
from guanxi_tickets.surveys.schemas import SurveyCreate
from tests.gateway.demo.made import CUSTOMERS, SEED


def test_the_service_takes_every_survey_and_what_is_answered_and_one_score_is_low() -> None:
    surveys = {}
    for survey in make_surveys(SEED):
        read = SurveyCreate.model_validate_json(orjson.dumps(survey), strict=True)
        surveys[survey["id"]] = read.model_dump(mode="json")
        assert broken(surveys[survey["id"]]) == {}
    low = 0
    for asked in make_asked(SEED, make_tickets(SEED, CUSTOMERS)):
        InvitationCreate.model_validate_json(orjson.dumps(asked.invitation.body), strict=True)
        survey = surveys[asked.invitation.path.split("/")[3]]
        questions = questions_of(survey)
        assert wrong_answers(questions, asked.answers) == missing(questions, asked.answers) == {}
        score = asked.answers["score"]
        low += is_low(score, survey["follow_up"], is_low_good=survey["is_low_good"])
    assert low == 1
