"""Addresses of the register."""

from django.urls import include, path

from members import agreements, as_of, files, mine, stewards, views

FILE = "stewardship/register/<int:member_id>/"

app_name = "members"
urlpatterns = [
    path("", include("members.identity.urls")),
    path("join/", views.apply, name="apply"),
    path("join/consent/", views.consent, name="consent"),
    path("bylaws/", agreements.read_bylaws, name="bylaws"),
    path("bylaws/accept/", mine.accept_bylaws, name="accept_bylaws"),
    path("bylaws/versions/<str:version>/", agreements.version, name="bylaws_version"),
    path("membership/", mine.mine, name="mine"),
    path("membership/address/", mine.address, name="my_address"),
    path("membership/contact/", mine.contact, name="my_contact"),
    path("membership/nominee/", mine.nominee, name="my_nominee"),
    path("membership/nominee/nobody/", mine.nobody, name="no_nominee"),
    path("membership/appeal/", mine.appeal, name="my_appeal"),
    path("membership/withdraw/", mine.withdraw, name="withdraw"),
    path("register/", as_of.as_of, name="as_of"),
    path("register/list.csv", as_of.as_csv, name="as_of_csv"),
    path("register/list.pdf", as_of.as_pdf, name="as_of_pdf"),
    path("stewardship/bylaws/", agreements.publish, name="publish_bylaws"),
    path("stewardship/appeals/<int:appeal_id>/", files.appeal, name="appeal"),
    path("stewardship/applications/", stewards.applications, name="applications"),
    path("stewardship/applications/<int:member_id>/admit/", stewards.admit, name="admit"),
    path("stewardship/applications/<int:member_id>/refuse/", stewards.refuse, name="refuse"),
    path("stewardship/register/", stewards.register, name="register"),
    path(FILE, files.file, name="file"),
    path(f"{FILE}state/", files.state, name="state"),
    path(f"{FILE}particulars/", files.particulars, name="particulars"),
    path(f"{FILE}contact/", files.contact, name="contact"),
    path(f"{FILE}office/", files.role, name="role"),
    path(f"{FILE}office/<int:role_id>/end/", files.end_role, name="end_role"),
    path(f"{FILE}link/", files.link, name="link"),
    path(f"{FILE}link/<int:link_id>/end/", files.unlink, name="unlink"),
    path(f"{FILE}representative/", files.representative, name="representative"),
    path(
        f"{FILE}representative/<int:representative_id>/end/",
        files.end_representation,
        name="end_representation",
    ),
]
