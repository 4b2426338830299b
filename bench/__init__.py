"""The budgets: what a reading, a refresh, a start and a page may cost. ``python -m bench`` measures them all."""
