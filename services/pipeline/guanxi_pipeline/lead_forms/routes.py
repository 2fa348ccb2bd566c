"""Web forms over HTTP; who may assign leads may change them."""

from typing import Final

from guanxi_pipeline.lead_forms.resources import LEAD_FORMS
from guanxi_pipeline.lead_forms.schemas import LeadFormCreate, LeadFormUpdate
from guanxi_pipeline.lead_forms.taking import COUNTED
from guanxi_pipeline.leads.resources import LEADS
from guanxi_shared.web_forms.defining import Forms
from guanxi_shared.web_forms.routes import forms_router

FORMS: Final = Forms(LEAD_FORMS, LEADS, COUNTED)
router = forms_router(
    FORMS, path="/v1/leads/forms", tag="leads", read="leads:read", define="leads:assign",
    create_model=LeadFormCreate, update_model=LeadFormUpdate,
)  # fmt: skip
