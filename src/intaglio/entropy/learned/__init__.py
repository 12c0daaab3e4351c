"""The entropy models' torch twins: trained, frozen to integers, thawed again."""
