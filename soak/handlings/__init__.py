"""What handles each kind of fault: where it stands, what is left when it is taken out, and the test that notices."""

from soak.handlings import answers, records

HANDLINGS = (*answers.HANDLINGS, *records.HANDLINGS)
