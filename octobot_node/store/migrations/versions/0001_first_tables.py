"""The first tables, which are the first release's. What each column means: octobot_node/store/tables/."""

from __future__ import annotations

from octobot_node.store.migrations.first_tables import automations, messages, money, node, orders

# With a letter: databases of development checkouts have 0001 to 0011 (BEFORE_RELEASE in octobot_node/store/migrate.py).
revision = "v0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    node.installation()
    node.preferences()
    node.nodes()
    automations.accounts()
    automations.automations()
    automations.schedule()
    automations.watching_and_asking_others()
    automations.config_revisions()
    orders.intents()
    orders.fills()
    orders.kill_switches()
    money.ledger()
    money.equity()
    messages.inbox()
    messages.events()
    messages.notices()
    node.audit()
    node.answers_of_the_api()
