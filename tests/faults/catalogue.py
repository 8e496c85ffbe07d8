"""All planted faults. Add one where a mistake would hurt and nobody is known to notice it.

F1  A fault is one small, plausible change of one place; its snippet stands there exactly once.
F2  The tests it names are quick, need no network, and fail by what the program does.
"""

from tests.faults.account_faults import ACCOUNT_FAULTS
from tests.faults.door_faults import DOOR_FAULTS
from tests.faults.edge_faults import EDGE_FAULTS
from tests.faults.file_faults import FILE_FAULTS
from tests.faults.import_faults import IMPORT_FAULTS
from tests.faults.oauth2_faults import OAUTH2_FAULTS
from tests.faults.record_faults import RECORD_FAULTS
from tests.faults.rule_faults import RULE_FAULTS
from tests.faults.store_faults import STORE_FAULTS
from tests.faults.upkeep_faults import UPKEEP_FAULTS

FAULTS = (
    *ACCOUNT_FAULTS,
    *DOOR_FAULTS,
    *EDGE_FAULTS,
    *OAUTH2_FAULTS,
    *FILE_FAULTS,
    *RULE_FAULTS,
    *RECORD_FAULTS,
    *STORE_FAULTS,
    *IMPORT_FAULTS,
    *UPKEEP_FAULTS,
)
