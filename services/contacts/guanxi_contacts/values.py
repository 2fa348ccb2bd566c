"""Where an account stands, in the words of the trade."""

from typing import Literal

Grade = Literal["A", "B", "C", "D"]
LifecycleStage = Literal["prospect", "new", "active", "loyal", "at_risk", "lost", "won_back"]
RelationshipLevel = Literal["basic", "reactive", "accountable", "proactive", "partnership"]
NeedsTier = Literal["survival", "security", "social", "esteem", "self_actualisation"]
