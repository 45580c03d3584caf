"""Roles and the first administrator in Airflow's database; run by `airflow-init` after ``airflow db migrate``.

Safe to run at every start: roles are brought to what is written here, an administrator who is there is left alone.
Airflow's own roles User and Op may mark tasks as succeeded and read XComs; ours may not, so nobody can walk around
a gate or an approval.
"""

from __future__ import annotations

import os
import sys
from typing import Any

Rights = frozenset[tuple[str, str]]

#: Our pages and nothing else: the frame, the list of plugins that the menu is made of, and Airflow's audit log, whose
#: right opens our pages (`provision.auditing.guard`). Of Airflow's own addresses a right without "DAGs" opens none.
_PAGES: Rights = frozenset(
    {
        ("can_read", "Website"),
        ("can_read", "Plugins"),
        ("can_read", "Audit Logs"),
        ("menu_access", "Audit Logs"),
        ("menu_access", "Browse"),
    }
)
#: Runs and tasks besides: how they went, never what they logged, returned or are made of.
_RUNS: Rights = _PAGES | {
    ("can_read", "DAGs"),
    ("can_read", "DAG Runs"),
    ("can_read", "Task Instances"),
    ("can_read", "HITL Detail"),
}

#: role -> rights. A privacy officer decides on our page; it answers Airflow's prompt in the officer's name, for which
#: Airflow wants the right to edit the prompt and the DAG (measured: either alone gives 403). A steward starts the DAG
#: `stewardship` and no other. docs/auditors.md says what this comes to, and a test asks a real server for all of it.
ROLES: dict[str, Rights] = {
    "Operator": _RUNS
    | {("can_edit", "DAGs"), ("can_create", "DAG Runs"), ("can_read", "Task Logs"), ("can_read", "ImportError")},
    "Privacy officer": _RUNS | {("can_edit", "HITL Detail"), ("can_edit", "DAGs"), ("menu_access", "HITL Detail")},
    "Auditor": _PAGES,
    "Steward": _RUNS
    | {("can_edit", "DAG:stewardship"), ("can_create", "DAG Run:stewardship"), ("can_read", "Task Logs")},
}
#: Roles that had another name before; their accounts keep them.
RENAMED = {"Approver": "Privacy officer"}


def set_roles(security: Any) -> None:
    """Give each of `ROLES` exactly its rights: missing ones are added, others taken away."""
    for before, name in RENAMED.items():
        old = security.find_role(before)
        if old and not security.find_role(name):
            security.update_role(old.id, name)
    for name, rights in ROLES.items():
        role = security.add_role(name) or security.find_role(name)
        for permission in list(role.permissions):
            if (permission.action.name, permission.resource.name) not in rights:
                security.remove_permission_from_role(role, permission)
        for action, resource in sorted(rights):
            security.add_permission_to_role(role, security.create_permission(action, resource))


def add_administrator(security: Any, name: str, password: str) -> None:
    """Make the first administrator; `SystemExit` where the password is too short or the account is refused."""
    if security.find_user(username=name):
        print(f"administrator {name} is there")
        return
    if len(password) < 12:
        raise SystemExit("TOKUMEI_ADMIN_PASSWORD needs at least 12 characters")
    mail = f"{name}@localhost"
    if not security.add_user(name, name, "Administrator", mail, security.find_role("Admin"), password):
        raise SystemExit(f"the administrator {name} could not be made; the reason is above")
    print(f"administrator {name} made")


def main() -> int:
    """Set up what a fresh database lacks. The password comes by environment, never by the command line."""
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    with get_application_builder() as builder:
        builder.add_permissions(update_perms=True)
        builder.sm.sync_roles()
        set_roles(builder.sm)
        add_administrator(builder.sm, os.environ["TOKUMEI_ADMIN_USER"], os.environ["TOKUMEI_ADMIN_PASSWORD"])
    print(f"roles set: {', '.join(ROLES)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
