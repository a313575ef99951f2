"""Revenue class, MRR, potential and movement of one account at one instant. Pure. Rules: DOMAIN 4.

The version of the rules stands beside every number. A changed definition is a new version, never a silent edit: months
that were closed under an earlier one keep it.
"""

from bursar.rollup.rules.amounts import Breakdown as Breakdown
from bursar.rollup.rules.amounts import SeatPlace as SeatPlace
from bursar.rollup.rules.amounts import Settings as Settings
from bursar.rollup.rules.amounts import break_down as break_down
from bursar.rollup.rules.facts import AccountFacts as AccountFacts
from bursar.rollup.rules.facts import WorkspaceFacts as WorkspaceFacts
from bursar.rollup.rules.facts import calc_movement as calc_movement
from bursar.rollup.rules.facts import evaluate as evaluate
from bursar.rollup.rules.versions import RULE_VERSION as RULE_VERSION
from bursar.rollup.rules.versions import sentence_of as sentence_of
