"""The addresses of objections in a consent."""

from django.urls import path

from governance.consents import views

HERE = "decisions/<int:proposal_id>/consent/<int:objection_id>/"
urlpatterns = [
    path(f"{HERE}withdraw/", views.withdraw, name="withdraw_consent_objection"),
    path(f"{HERE}rule/", views.rule, name="rule_out_of_order"),
]
