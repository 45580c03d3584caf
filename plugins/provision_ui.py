"""The one Airflow plugin file: our pages under ``/provision`` and their two entries in the Browse menu."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from provision.auditing import Entrance


class ProvisionUI(AirflowPlugin):
    """提供記録と承認のページ. Addresses are relative, so that Airflow may stand below any path."""

    name = "provision_ui"
    fastapi_apps = [{"app": Entrance(), "url_prefix": "/provision", "name": "Provision log and approvals"}]  # noqa: RUF012
    external_views = [  # noqa: RUF012
        {
            "name": "提供記録 Provision log",
            "href": "provision/",
            "destination": "nav",
            "category": "browse",
            "url_route": "provision-log",
        },
        {
            "name": "提供の承認 Release approvals",
            "href": "provision/approvals",
            "destination": "nav",
            "category": "browse",
            "url_route": "release-approvals",
        },
    ]
