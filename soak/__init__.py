"""The long simulation: weeks of a contact centre, its faults and ours, and at the end the lake against the truth."""
