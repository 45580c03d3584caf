"""A month at the hospital as HL7 messages: who came, with what, what was prescribed and measured.

Each message comes with the rows that the store must hold of it, worked out from the world. Names, telephones and free
text stand wherever a message has a place for them.
"""

from __future__ import annotations

from provision.sampledata.hl7orders import medicines, results
from provision.sampledata.hl7patients import allergies, information, movements, problems
from provision.sampledata.hl7sent import Sent
from provision.sampledata.illness import Visit


def messages(visit: Visit) -> list[Sent]:
    """Everything the hospital's systems say of the visit: patient information, problems, allergies, coming and going,
    prescriptions and laboratory results."""
    return [
        information(visit),
        problems(visit),
        *allergies(visit),
        *movements(visit),
        *medicines(visit),
        *results(visit),
    ]
