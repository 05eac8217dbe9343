"""Exports of views: what each holds, the files they make, and how one comes to be."""
