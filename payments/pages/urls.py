"""Addresses of members' accounts, mandates and payouts, and of the treasurers' desks."""

from django.urls import path

from payments.pages import own, payouts, reminders

urlpatterns = [
    path("statement/account/", own.account, name="account"),
    path("statement/mandate/", own.mandate, name="mandate"),
    path("statement/mandate/revoke/", own.revoke, name="revoke_mandate"),
    path("statement/payouts/", own.payouts, name="payouts"),
    path("statement/<int:charge_id>/dispute/", own.dispute, name="dispute"),
    path("stewardship/register/<int:member_id>/account/", own.account_of, name="account_of"),
    path("stewardship/payouts/", payouts.desk, name="payouts_desk"),
    path("stewardship/payouts/<int:payout_id>/", payouts.payout, name="payout"),
    path("stewardship/payouts/<int:payout_id>/<slug:step>/", payouts.take, name="payout_step"),
    path("stewardship/reminders/", reminders.desk, name="reminders_desk"),
    path("stewardship/reminders/<int:charge_id>/", reminders.hold, name="hold_reminders"),
    path("stewardship/reminders/letters/<int:mail_id>/", reminders.again, name="send_again"),
]
