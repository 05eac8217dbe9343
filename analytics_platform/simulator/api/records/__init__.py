"""The vendor's answers as typed records, in the vendor's key order."""
